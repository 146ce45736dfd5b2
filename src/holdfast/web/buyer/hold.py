"""Holds seats, chosen on the map, in the list, or by us."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from uuid import UUID, uuid4

from holdfast.application.booking.booking import Booking
from holdfast.application.booking.reserve import reserve
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.choosing.wish import BestAvailable, Together
from holdfast.domain.booking.refusals import SeatsUnavailable
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.principal import Proof
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event import back_to_event, event_page
from holdfast.web.buyer.event_view import EventView, event_view
from holdfast.web.buyer.explained import explained
from holdfast.web.buyer.seats import seats_page
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit

_KEY_MAX = 64
_CODE_MAX = 200


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a form asks for: certain seats, or the best ones."""

    seat_ids: tuple[UUID, ...]
    best: BestAvailable | None
    access_code: str | None
    key: str
    """The idempotency key. It depends on the choice, so that a page to which somebody comes back and chooses again does
    not send the key of the choice before."""


async def hold(visit: Visit) -> Answer:
    """POST /events/{event_id}/hold."""
    event_id = visit.path_id("event_id")
    await visit.caller.look_at_event(Verb.GET_EVENT, event_id)
    form = await visit.form()
    wanted = seats_of(form)
    try:
        wish = _wish(form, wanted)
        done_id = await _held(visit, event_id, wish)
    except (EventNotFound, EventArchived):
        raise
    except Refusal as refusal:
        return await _refused(visit, event_id, form, refusal, wanted)
    return visit.see_other(f"/reservations/{done_id}")


def seats_of(form: Form) -> tuple[UUID, ...]:
    """Return the seats of a form, each once.

    Raises:
        InvalidValue: One is no UUID.
    """
    return tuple(dict.fromkeys(form.ids("seats")))


async def _held(visit: Visit, event_id: UUID, wish: _Wish) -> UUID:
    known = visit.principal.proof is not Proof.OPEN
    done = await reserve(
        visit.capability(Booking),
        event_id=event_id,
        user_id=visit.buyer_id,
        idempotency_key=wish.key,
        seat_ids=wish.seat_ids,
        best=wish.best,
        address=visit.call.client_address(),
        sees_drafts=await visit.may(Verb.SEE_DRAFTS, event_id),
        beyond_limit=known and await visit.may(Verb.EXCEED_PURCHASE_LIMIT, event_id),
        code_digest=None if wish.access_code is None else digest_of(wish.access_code),
        uses_channels=known and await visit.may(Verb.USE_CHANNELS, event_id),
    )
    return done.reservation.id


def _wish(form: Form, seats: tuple[UUID, ...]) -> _Wish:
    code = form.text("code")[:_CODE_MAX] or None
    best = best_of(form) if form.has("best") else None
    choice = repr(best) if best is not None else ",".join(sorted(map(str, seats)))
    given = form.text("key")[:_KEY_MAX]
    if not (given.isascii() and given.replace("-", "").isalnum()):
        given = uuid4().hex
    key = f"{given}-{sha256(choice.encode()).hexdigest()[:16]}"
    return _Wish(() if best is not None else seats, best, code, key)


def best_of(form: Form) -> BestAvailable:
    """Return what a form that leaves the choice to us asks for.

    Raises:
        InvalidValue: A number in it cannot be right.
    """
    count = form.number("count", otherwise=0) or 0
    accessible = form.number("accessible", otherwise=0) or 0
    kind, _, name = form.text("where").partition(":")
    if kind == "area":
        return BestAvailable.wish(count=count, section=name[:100], together=Together.ANY)
    together = Together.REQUIRED if form.has("together") and count > 1 else Together.PREFERRED
    return BestAvailable.wish(
        count=count,
        category=name[:100] if kind == "category" else None,
        together=together,
        accessible=accessible,
    )


async def _refused(visit: Visit, event_id: UUID, form: Form, refusal: Refusal, wanted: Sequence[UUID]) -> Answer:
    """Show the page again from which the form was sent, with the reason, and what is left of the choice."""
    if isinstance(refusal, InvalidValue) and refusal.data.get("field") not in ("seat_ids", *_BEST_FIELDS):
        raise refusal
    view = await event_view(visit, event_id)
    if isinstance(refusal, SeatsUnavailable):
        # They are this buyer's own: the answer to the first form was lost, and the page was loaded again since.
        for reservation in view.mine:
            if reservation.status is ReservationStatus.PENDING and set(reservation.seat_ids) == set(wanted):
                return visit.see_other(f"/reservations/{reservation.id}")
    answer = page_sent_from(view, form, refusal, wanted, wish=form.fields())
    seconds = refusal.data.get("retry_after_seconds")
    if seconds is not None:
        answer.headers = (*answer.headers, (b"retry-after", str(seconds).encode()))
    return answer


def page_sent_from(
    view: EventView,
    form: Form,
    refusal: Refusal,
    wanted: Sequence[UUID],
    *,
    changes: Reservation | None = None,
    wish: dict[str, str] | None = None,
) -> Answer:
    """Show the map or the list from which a form with seats was sent, with the reason and what is left of the choice.

    Args:
        view: The event.
        form: The form, which says whether it stood on the list.
        refusal: The reason.
        wanted: The seats in the form.
        changes: The hold that was to get these seats; None if a new one was to be made.
        wish: What was filled in to get the best seats available.
    """
    banner = explained(view, refusal, wanted)
    listed = form.text("from") == "list"
    show = partial(seats_page, section=form.text("section")) if listed else partial(event_page, wish=wish)
    return show(
        view.visit,
        view,
        status=view.visit.site.problems.row(type(refusal)).status,
        code=refusal.code,
        banner=banner,
        chosen=banner.chosen,
        changes=changes,
    )


_BEST_FIELDS = (
    *(f"best_available.{name}" for name in ("count", "accessible", "category", "section")),
    "count",
    "accessible",
)

PAGES = (Page(path="/events/{event_id}/hold", name="hold", get=back_to_event, post=hold, is_page=False),)
