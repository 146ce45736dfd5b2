"""Signing in with a link that works once, as `make run` and `holdfast accounts link` print it."""

from holdfast.application.identity.signing_in.sign_in import SignIns, with_link
from holdfast.domain.identity.refusals import SignInRefused
from holdfast.domain.identity.sessions import SIGN_IN_LINK_PATH, read_secret
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.sign_in.pages import ORGANISE, REFUSED_STATUS, begin_session


async def show(visit: Visit) -> Answer:
    """GET /sign-in/link: one button. Programs that look at links in mails and chats must not use it up."""
    return visit.render("sign_in/link.html", key=visit.query("key"), spent=False)


async def use(visit: Visit) -> Answer:
    """POST /sign-in/link: sign in."""
    if visit.site.visitors.mode != "tokens":
        raise PathNotFound
    key = read_secret((await visit.form()).text("key"))
    try:
        session = await with_link(visit.capability(SignIns), key)
    except SignInRefused as refused:
        return visit.render("sign_in/link.html", status=REFUSED_STATUS, code=refused.code, key="", spent=True)
    return await begin_session(visit, session, ORGANISE)


PAGES = (Page(path=SIGN_IN_LINK_PATH, name="sign_in_link", get=show, post=use, no_store=True),)
