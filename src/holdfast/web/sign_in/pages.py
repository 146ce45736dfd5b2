"""The page to sign in, and what its forms do."""

from typing import Any

from holdfast.application.identity.signing_in.sign_in import SignIns, with_password
from holdfast.domain.identity.refusals import SignInRefused, TooManySignIns
from holdfast.domain.identity.sessions import SessionSecret
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit, own_path

ORGANISE = "/organise"
MINE = "/reservations"
REFUSED_STATUS = 403
TOO_MANY_STATUS = 429


async def show(visit: Visit) -> Answer:
    """GET /organise/sign-in and /sign-in: how to sign in."""
    back = back_of(visit, visit.query("back"))
    if visit.signed_in_as is not None:
        return visit.see_other(back)
    return sign_in_page(visit, back=back)


async def sign_in(visit: Visit) -> Answer:
    """POST /organise/sign-in and /sign-in: one click where nobody has to prove anything, else a name and a password."""
    form = await visit.form()
    back = back_of(visit, form.text("back"))
    if visit.site.visitors.mode == "open":
        visit.sign_in_open()
        return visit.see_other(back)
    sign_ins = visit.capability(SignIns)
    if not _takes_passwords(visit, sign_ins):
        return sign_in_page(visit, back=back)
    name = form.text("name")
    try:
        secret = await with_password(
            sign_ins, name=name, password=form.raw("password"), address=visit.call.client_address()
        )
    except SignInRefused as refused:
        return sign_in_page(visit, REFUSED_STATUS, back=back, name=name, problem=refused.code)
    except TooManySignIns as refused:
        minutes = -(-refused.retry_after_seconds // 60)
        answer = sign_in_page(visit, TOO_MANY_STATUS, back=back, name=name, problem=refused.code, minutes=minutes)
        answer.headers = (*answer.headers, (b"retry-after", b"%d" % refused.retry_after_seconds))
        return answer
    return await begin_session(visit, secret, back)


async def sign_out(visit: Visit) -> Answer:
    """POST /sign-out: end the session."""
    if visit.visitor.session_secret is not None:
        await visit.site.sessions.close(visit.visitor.session_secret)
    visit.forget_session()
    return visit.see_other("/events", notice="signed-out")


def sign_in_page(visit: Visit, status: int = 200, **values: Any) -> Answer:  # noqa: ANN401 - as for `Visit.render`
    """Show the page to sign in, after a failed attempt with what went wrong."""
    sign_ins = visit.capability(SignIns)
    shown = {"name": "", "problem": "", "minutes": 0, **values}
    return visit.render(
        "sign_in/sign_in.html",
        status=status,
        code=shown["problem"] or None,
        issuers=() if visit.site.visitors.mode != "tokens" or sign_ins.issuers is None else sign_ins.issuers.names,
        takes_passwords=_takes_passwords(visit, sign_ins),
        action=_way_in(visit),
        **shown,
    )


async def begin_session(visit: Visit, secret: SessionSecret, back: str) -> Answer:
    """Let the browser have a new session, and end the one that it had."""
    earlier = visit.visitor.session_secret
    if earlier is not None:
        await visit.site.sessions.close(earlier)
    visit.sign_in(secret)
    return visit.see_other(back)


def back_of(visit: Visit, text: str) -> str:
    """Return the page of ours to go to afterwards."""
    return own_path(text, otherwise=ORGANISE if _way_in(visit).startswith(ORGANISE) else MINE)


def _way_in(visit: Visit) -> str:
    path: str = visit.call.scope["path"]
    return "/organise/sign-in" if path.startswith(ORGANISE) else "/sign-in"


def _takes_passwords(visit: Visit, sign_ins: SignIns) -> bool:
    """Accounts of our own are for where there is no issuer. So nobody can go round an issuer's second factor."""
    return visit.site.visitors.mode == "tokens" and sign_ins.issuers is None


PAGES = (
    Page(path="/organise/sign-in", name="sign_in", get=show, post=sign_in, no_store=True),
    Page(path="/sign-in", name="sign_in_of_buyer", get=show, post=sign_in, no_store=True),
    Page(path="/sign-out", name="sign_out", post=sign_out, no_store=True),
)
