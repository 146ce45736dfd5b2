"""The page to sign in, and what its forms do."""

from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit, own_path

ORGANISE = "/organise"


async def show(visit: Visit) -> Answer:
    """GET /organise/sign-in: how to sign in."""
    back = own_path(visit.query("back"), otherwise=ORGANISE)
    if visit.signed_in_as is not None:
        return visit.see_other(back)
    return visit.render("sign_in/sign_in.html", back=back)


async def sign_in(visit: Visit) -> Answer:
    """POST /organise/sign-in: one click where nobody has to prove anything."""
    form = await visit.form()
    if visit.site.visitors.mode == "open":
        visit.sign_in_open()
    return visit.see_other(own_path(form.text("back"), otherwise=ORGANISE))


async def sign_out(visit: Visit) -> Answer:
    """POST /sign-out: end the session."""
    if visit.visitor.session_secret is not None:
        await visit.site.sessions.close(visit.visitor.session_secret)
    visit.forget_session()
    return visit.see_other("/events", notice="signed-out")


PAGES = (
    Page(path="/organise/sign-in", name="sign_in", get=show, post=sign_in, no_store=True),
    Page(path="/sign-out", name="sign_out", post=sign_out, no_store=True),
)
