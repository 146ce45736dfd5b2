"""The form of an event's details."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel.numbers import get_currency_name

from holdfast.domain.catalogue.currencies import DEFAULT_CURRENCY, MINOR_DIGITS, require_currency
from holdfast.domain.catalogue.event import Confirmation, EventDetails
from holdfast.domain.catalogue.time_zones import TIME_ZONES, require_time_zone
from holdfast.domain.hall.document import HALL_SEATS_MAX
from holdfast.domain.identity.principal import Proof
from holdfast.domain.refusal import InvalidValue
from holdfast.web.kit.forms import Form
from holdfast.web.kit.languages import Language
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.times import time_kept, time_text

LASTS = timedelta(hours=3)
"""How long an event lasts whose end is not given."""
_FIRST_DAYS = 30
_ZONES_APART = ("Etc/", "SystemV/", "posix", "right", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")
ZONES = ("UTC", *sorted(zone for zone in TIME_ZONES if "/" in zone and not zone.startswith(_ZONES_APART)))
"""Zones to choose from. Those with older or fixed names can still be typed."""
_TIMES = {"start_at": "starts", "end_at": "ends", "sale_opens_at": "opens", "sale_closes_at": "closes"}
_FIELDS = {**_TIMES, "timezone": "zone", "max_seats_per_buyer": "limit"}
"""The names of fields that the domain calls otherwise."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An event's form as it was filled in, or as it is shown first."""

    name: str = ""
    venue: str = ""
    description: str = ""
    starts: str = ""
    ends: str = ""
    zone: str = "UTC"
    currency: str = DEFAULT_CURRENCY
    opens: str = ""
    closes: str = ""
    limit: str = ""
    seller: bool = False
    total_seats: str = str(HALL_SEATS_MAX)


def typed_of(details: EventDetails) -> Typed:
    """Return the form of an event as it is."""
    zone = details.timezone
    return Typed(
        name=details.name,
        venue=details.venue,
        description=details.description,
        starts=time_text(details.start_at, zone),
        ends=time_text(details.end_at, zone),
        zone=zone,
        currency=details.currency,
        opens=time_text(details.sale_opens_at, zone),
        closes=time_text(details.sale_closes_at, zone),
        limit="" if details.max_seats_per_buyer is None else str(details.max_seats_per_buyer),
        seller=details.confirmation is Confirmation.SELLER,
        total_seats=str(details.total_seats),
    )


def typed_first(language: Language) -> Typed:
    """Return the form of a new event: an evening in a month, where readers of this language are likely to be."""
    evening = (datetime.now(UTC) + timedelta(days=_FIRST_DAYS)).replace(hour=19, minute=0, second=0, microsecond=0)
    starts = evening.replace(tzinfo=None)
    return Typed(
        starts=starts.isoformat(timespec="minutes"),
        ends=(starts + LASTS).isoformat(timespec="minutes"),
        zone="Asia/Tokyo" if language == "ja" else "UTC",
        currency="JPY" if language == "ja" else DEFAULT_CURRENCY,
    )


def typed_in(form: Form) -> Typed:
    """Return what was filled in."""
    return Typed(
        name=form.text("name"),
        venue=form.text("venue"),
        description=form.raw("description").replace("\r\n", "\n").strip(),
        starts=form.text("starts"),
        ends=form.text("ends"),
        zone=form.text("zone"),
        currency=form.text("currency"),
        opens=form.text("opens"),
        closes=form.text("closes"),
        limit=form.text("limit"),
        seller=form.has("seller"),
        total_seats=form.text("total_seats"),
    )


def details_from(
    visit: Visit, typed: Typed, faults: Faults, *, published: bool, before: EventDetails | None = None
) -> EventDetails | None:
    """Return what was filled in as an event's details; None if something is wrong with it, which `faults` then says.

    Args:
        visit: Whose form it is.
        typed: What was filled in.
        faults: Gets what is wrong.
        published: Whether the event is published.
        before: The details with which the form was filled in first; None for a new event.
    """
    for field in ("name", "starts", "zone", "total_seats"):
        if not getattr(typed, field):
            faults.missing(field)
    if faults:
        return None
    try:
        require_time_zone("zone", typed.zone)
        require_currency("currency", typed.currency)
        times = _times(typed, faults, before)
        limit = None if not typed.limit else _whole("limit", typed.limit)
        total_seats = _whole("total_seats", typed.total_seats)
    except InvalidValue as error:
        faults.note(error)
        return None
    start_at = times.get("starts")
    if faults or start_at is None:
        return None
    if typed.seller and visit.principal.proof is Proof.OPEN:
        faults.note(InvalidValue("seller", "cannot be seller where everybody is let in: nobody is known as the seller"))
        return None
    try:
        return EventDetails(
            name=typed.name,
            description=typed.description,
            venue=typed.venue,
            start_at=start_at,
            end_at=times["ends"] or start_at + LASTS,
            total_seats=total_seats,
            max_seats_per_buyer=limit,
            published=published,
            timezone=typed.zone,
            currency=typed.currency,
            sale_opens_at=times["opens"],
            sale_closes_at=times["closes"],
            confirmation=Confirmation.SELLER if typed.seller else Confirmation.BUYER,
        )
    except InvalidValue as error:
        faults.note(error, _FIELDS)
        return None


def currencies(language: Language) -> list[tuple[str, str]]:
    """Return the codes and names of currencies to choose from."""
    return [(code, get_currency_name(code, locale=language)) for code in sorted(MINOR_DIGITS)]


def _times(typed: Typed, faults: Faults, before: EventDetails | None) -> Mapping[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    for name, field in _TIMES.items():
        try:
            known = None if before is None else getattr(before, name)
            found[field] = time_kept(field, getattr(typed, field), typed.zone, known)
        except InvalidValue as error:
            faults.note(error)
    return found


def _whole(field: str, text: str) -> int:
    plain = text.replace(",", "")
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 10):
        raise InvalidValue(field, "must be a whole number")
    return int(plain)
