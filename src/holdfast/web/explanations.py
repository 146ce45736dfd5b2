"""What a refusal or a failure means to a reader, and what they can do next."""

from dataclasses import dataclass

from holdfast.application.failures import Unavailable
from holdfast.domain.catalogue.refusals import EventArchived
from holdfast.domain.identity.refusals import Forbidden, Unauthenticated
from holdfast.domain.refusal import InvalidValue, NotFound, Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.problems import BodyTooLarge, OriginNotAllowed, PathNotFound
from holdfast.http.protocol.refusal import RequestRefusedError
from holdfast.web.kit.languages import mark
from holdfast.web.kit.refusals import CookiesNeeded
from holdfast.web.kit.visit import Visit


@dataclass(frozen=True, slots=True)
class Explanation:
    """A heading, and what to do next. Both are in English, to be translated."""

    heading: str
    advice: str


_UNKNOWN = Explanation(
    mark("That did not work"),
    mark("Something is wrong on our side. We have taken note of it. Please try again in a moment."),
)
_ARCHIVED_FOR_ORGANISERS = Explanation(
    mark("This event is over and archived"),
    mark(
        "Its reservations are in an archive, so nothing of it can be looked up or changed here. "
        "Whoever runs this server can bring them back."
    ),
)
_ORGANISE = "/organise"
_ALL: dict[type[Exception], Explanation] = {
    NotFound: Explanation(
        mark("There is nothing here"),
        mark("The address may be mistyped, or what was here is no longer there. All events are on the first page."),
    ),
    EventArchived: Explanation(
        mark("This event is over and archived"),
        mark("It was a while ago, and its bookings are no longer kept here. If you need one, ask the organiser."),
    ),
    PathNotFound: Explanation(
        mark("There is nothing here"),
        mark("The address may be mistyped, or what was here is no longer there. All events are on the first page."),
    ),
    Forbidden: Explanation(
        mark("You may not do this"),
        mark("This needs another role. Whoever manages your organisation can give it to you."),
    ),
    Unauthenticated: Explanation(
        mark("Please sign in"),
        mark(
            "Your session is over, so nothing was changed. Sign in in a new window, then come back here, "
            "go back one page and send the form again."
        ),
    ),
    CookiesNeeded: Explanation(
        mark("Your browser keeps no cookies"),
        mark("We remember whose seats are whose with one cookie. Allow cookies for this site and try again."),
    ),
    OriginNotAllowed: Explanation(
        mark("That form was not sent from our pages"), mark("Open the page again here and send it from there.")
    ),
    InvalidValue: Explanation(
        mark("Something that was sent cannot be right"), mark("Go back, look at what you entered, and try again.")
    ),
    BodyTooLarge: Explanation(mark("That is too large"), mark("Go back and send less at a time.")),
    RequestRefusedError: Explanation(
        mark("Something that was sent cannot be right"), mark("Go back, look at what you entered, and try again.")
    ),
    Unavailable: Explanation(
        mark("We cannot answer right now"),
        mark("Nothing is lost. Wait a moment and try again: the same request is never carried out twice."),
    ),
}


def explain(kind: type[Exception], heading: str, advice: str) -> None:
    """Register what a kind of refusal means; each room does it for its own."""
    _ALL[kind] = Explanation(heading, advice)


def explanation_of(why: Exception | None) -> Explanation:
    """Return the explanation of the nearest kind of refusal."""
    if why is None:
        return _UNKNOWN
    for kind in type(why).__mro__:
        if kind in _ALL:
            return _ALL[kind]
    return _UNKNOWN


def error_page(visit: Visit, status: int, why: Refusal | RequestRefusedError | Unavailable | None) -> Answer:
    """Answer with a page that says what happened and what to do next."""
    of_organiser = visit.visitor.signed_in and visit.here.startswith(_ORGANISE)
    archived = of_organiser and isinstance(why, EventArchived)
    explanation = _ARCHIVED_FOR_ORGANISERS if archived else explanation_of(why)
    detail = str(why) if isinstance(why, InvalidValue) else ""
    code = why.code if isinstance(why, Refusal) else None
    return visit.render(
        "error.html",
        status=status,
        code=code,
        heading=visit.words.gettext(explanation.heading),
        advice=visit.words.gettext(explanation.advice),
        detail=detail,
        of_organiser=of_organiser,
        again=visit.here if _may_pass(visit, why) else "",
        sign_in=_way_back_in(visit) if isinstance(why, Unauthenticated) else "",
        request_id=visit.call.request_id,
    )


def _may_pass(visit: Visit, why: Exception | None) -> bool:
    """Return whether loading the same page again may help. A form is sent again by going back to it."""
    return visit.call.scope["method"] in ("GET", "HEAD") and (why is None or isinstance(why, Unavailable))


def _way_back_in(visit: Visit) -> str:
    """Return where somebody signs in whose session ended while they filled in a form."""
    return f"{_ORGANISE}/sign-in" if visit.here.startswith(_ORGANISE) else "/sign-in"
