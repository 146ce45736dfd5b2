"""What the walk over all pages finds: events in each state, a guest with a reservation in each state, an organiser.

The walk visits every page of the table in `holdfast.web.pages`. A page whose path has a parameter that is not known
here fails until `Stage.addresses` says what to put there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.async_api import BrowserContext

from box_office import let_holds_run_out
from builders import a_hall, a_row, a_section
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.reserve import reserve
from holdfast.application.identifiers import uuid7
from holdfast.bootstrap.engine import Engine
from holdfast.domain.identity.sessions import SessionSecret, guest_id, new_secret
from holdfast.web.kit.page import Page
from holdfast.web.pages import PAGES
from pages.house import House, Show

FOR_ORGANISERS = "/organise"
SIGN_IN = "/organise/sign-in"
CHANNEL = "fan-club"
NEED_SIGN_IN = ("/organise/organisers", "/organise/members/remove", "/organise/keys/{key_id}/revoke")
"""On an open server nobody may do what these pages are for, because nobody has proved who they are."""
WALKED = tuple(page for page in PAGES if page.get is not None and page.is_page and page.path not in NEED_SIGN_IN)
_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True)
class Guest:
    """A buyer whom the pages know by a cookie, and their reservations by state."""

    secret: SessionSecret
    reservations: Mapping[str, UUID]


@dataclass(frozen=True)
class Stage:
    """Everything that the pages show."""

    house: House
    shows: Mapping[str, Show]
    """By state: on_sale, soon, sold_out, over."""
    guest: Guest

    async def admit(self, context: BrowserContext, page: Page) -> None:
        """Let a browser be somebody who may see a page."""
        cookies = self.cookies(page)
        await context.add_cookies([{"name": n, "value": v, "url": self.house.origin} for n, v in cookies.items()])

    def cookies(self, page: Page) -> dict[str, str]:
        """The guest's cookie, and for organisers' pages that of somebody who has signed in to an open server."""
        organiser = page.path.startswith(FOR_ORGANISERS) and page.path != SIGN_IN
        return {"holdfast-guest": self.guest.secret} | ({"holdfast-session": "open"} if organiser else {})

    def addresses(self, page: Page) -> Iterator[tuple[str, str]]:
        """Where a page can be visited: for each state that it can show, the state's name and the address."""
        names = set(_PARAMETER.findall(page.path))
        states: Mapping[str, dict[str, object]] = {"": {}}
        if "reservation_id" in names:
            states = {state: {"reservation_id": found} for state, found in self.guest.reservations.items()}
            if page.path.endswith("/ticket"):
                states = {"confirmed": states["confirmed"]}
            if "event_id" in names:
                states = {state: found | {"event_id": self.shows["on_sale"].id} for state, found in states.items()}
        elif "event_id" in names:
            states = {state: {"event_id": show.id} for state, show in self.shows.items()}
            if page.path != "/events/{event_id}":
                states = {"on_sale": states["on_sale"]}
        if "key" in names:
            key = CHANNEL if "/channels/" in page.path else "stalls"
            states = {state: found | {"key": key} for state, found in states.items()}
        for state, values in states.items():
            missing = names - values.keys()
            assert not missing, f"say in tests/pages/stage.py what {missing} is in {page.path}"
            yield state, _PARAMETER.sub(lambda found, values=values: str(values[found[1]]), page.path)


async def set_stage(house: House, engine: Engine) -> Stage:
    """Make the events and the guest's reservations."""
    now = datetime.now(UTC).replace(microsecond=0)
    on_sale = await house.show("Spring concert")
    soon = await house.show("Autumn concert", sale_opens_at=(now + timedelta(days=2)).isoformat())
    sold_out = await house.show("Chamber evening", hall=a_hall(a_section("stalls", a_row("A", 4), category="standard")))
    over = await house.show("Winter concert", sale_closes_at=(now + timedelta(seconds=2)).isoformat())
    await house.sell(sold_out, *sold_out.seats.values())
    secret = new_secret()
    kept = {
        state: await _hold(engine, on_sale, secret, seat)
        for seat, state in enumerate(("pending", "confirmed", "cancelled", "expired"), start=1)
    }
    user = guest_id(secret)
    await confirm(engine.booking, reservation_id=kept["confirmed"], user_id=user)
    await cancel(engine.booking, reservation_id=kept["cancelled"], user_id=user)
    await let_holds_run_out(house.database_url, kept["expired"])
    channel = await house.api.put(f"/events/{on_sale.id}/channels/{CHANNEL}", {"name": "Fan club"})
    assert channel.status_code == 200, channel.text
    shows = {"on_sale": on_sale, "soon": soon, "sold_out": sold_out, "over": over}
    return Stage(house, shows, Guest(secret, kept))


async def _hold(engine: Engine, show: Show, secret: SessionSecret, seat: int) -> UUID:
    done = await reserve(
        engine.booking,
        event_id=UUID(show.id),
        user_id=guest_id(secret),
        idempotency_key=str(uuid7()),
        seat_ids=(UUID(show.seat("A", seat)),),
    )
    return done.reservation.id
