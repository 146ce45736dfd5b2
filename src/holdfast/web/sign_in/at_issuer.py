"""Signing in at an issuer: the way there, and the way back."""

from urllib.parse import quote, unquote

from holdfast.application.failures import Unavailable
from holdfast.application.identity.signing_in.sign_in import Flow, IssuerSignIns, SignIns, with_code
from holdfast.domain.identity.refusals import SignInRefused
from holdfast.domain.identity.sessions import SECRET_CHARACTERS, new_secret, read_secret
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit, own_path
from holdfast.web.sign_in.pages import ORGANISE, REFUSED_STATUS, begin_session, sign_in_page

FLOW = "sign-in"
"""Short name of the cookie that ties the way back to the browser that went there."""
FLOW_SECONDS = 10 * 60
CALLBACK = "/sign-in/callback"
_AWAY_STATUS = 503


async def start(visit: Visit) -> Answer:
    """GET /sign-in/start: go to the issuer. A link leads here: `form-action` forbids forms that lead elsewhere."""
    issuers, name = _issuers(visit), visit.query("issuer")
    if name not in issuers.names:
        raise PathNotFound
    back = own_path(visit.query("back"), otherwise=ORGANISE)
    flow = Flow(new_secret())
    try:
        address = await issuers.address(name, flow, _callback(visit))
    except Unavailable:
        return sign_in_page(visit, _AWAY_STATUS, back=back, problem="issuer_away")
    kept = f"{flow.secret}.{name}:{quote(back, safe='')}"
    visit.headers.append(visit.site.cookies.set(FLOW, kept, seconds=FLOW_SECONDS))
    return visit.go_to(address)


async def come_back(visit: Visit) -> Answer:
    """GET /sign-in/callback: what the issuer says."""
    kept = visit.site.cookies.read(visit.call.scope["headers"], FLOW) or ""
    visit.headers.append(visit.site.cookies.set(FLOW, ""))  # it is good for one attempt
    secret = read_secret(kept[:SECRET_CHARACTERS])
    name, _, quoted = kept[SECRET_CHARACTERS + 1 :].partition(":")
    back = own_path(unquote(quoted), otherwise=ORGANISE)
    issuers = _issuers(visit)
    flow = None if secret is None else Flow(secret)
    given = visit.query("iss")
    if flow is None or not flow.is_state(visit.query("state")) or name not in issuers.names:
        return sign_in_page(visit, REFUSED_STATUS, back=back, problem="sign_in_lost")
    if given and not issuers.is_issuer(name, given):
        return sign_in_page(visit, REFUSED_STATUS, back=back, problem="sign_in_lost")
    if visit.query("error") or not visit.query("code"):
        return sign_in_page(visit, REFUSED_STATUS, back=back, problem="sign_in_given_up")
    try:
        session = await with_code(
            visit.capability(SignIns),
            issuer=name,
            code=visit.query("code"),
            flow=flow,
            redirect_uri=_callback(visit),
        )
    except SignInRefused:
        return sign_in_page(visit, REFUSED_STATUS, back=back, problem="sign_in_not_accepted")
    except Unavailable:
        return sign_in_page(visit, _AWAY_STATUS, back=back, problem="issuer_away")
    return await begin_session(visit, session, back)


def _issuers(visit: Visit) -> IssuerSignIns:
    issuers = visit.capability(SignIns).issuers
    if issuers is None or visit.site.visitors.mode != "tokens":
        raise PathNotFound
    return issuers


def _callback(visit: Visit) -> str:
    """Return the address to which the issuer sends the browser back. The issuer compares it with those it knows."""
    public = visit.site.public
    origin = public.origin or f"http://{visit.call.only_header(b'host') or ''}"
    return origin + public.path + CALLBACK


PAGES = (
    Page(path="/sign-in/start", name="sign_in_start", get=start, no_store=True, is_page=False),
    Page(path=CALLBACK, name="sign_in_callback", get=come_back, no_store=True, is_page=False),
)
