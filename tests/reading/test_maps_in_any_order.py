"""Maps while seats are sold, added and lost, and loads are slow or fail: always a state that existed.

The order in which the database answers is drawn, and what happens in between; each map that is given is compared with
the event's whole log.
"""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.application.failures import ConnectionLost, Contended
from holdfast.application.reading.logged_change import CODES, STATUS_AFTER
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.domain.booking.snapshot import ChangeKind
from reading.simulated_source import SimulatedSource, changes_of, turns, until_quiet
from reading.test_seat_map import listed, statuses_of

SEATS = 5
KINDS = st.sampled_from(list(STATUS_AFTER))
EVENTS = st.sampled_from([0, 0, 0, 1])
LISTS = st.sampled_from([True, True, False])

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), EVENTS, LISTS),
        st.tuples(st.just("told"), EVENTS, LISTS),
        st.tuples(st.just("told"), EVENTS, LISTS),
        st.tuples(st.just("write"), EVENTS, st.integers(0, 9), KINDS),
        st.tuples(st.just("commit"), EVENTS, st.integers(0, 9), KINDS),
        st.tuples(st.just("add"), EVENTS, st.integers(1, 3)),
        st.tuples(st.just("edit"), EVENTS),
        st.tuples(st.just("lose"), EVENTS, st.integers(1, 4)),
        st.tuples(st.just("delete"), st.just(1)),
        st.tuples(st.just("release"), st.integers(0, 9), st.sampled_from([False, False, False, True])),
        st.tuples(st.just("turn")),
    ),
    min_size=12,
    max_size=40,
)


class Scene:
    """Two events, the maps of a node, and the steps that may happen."""

    def __init__(self) -> None:
        self.source = SimulatedSource(events=2, seats=SEATS)
        self.events = list(self.source.events.values())
        self.maps = SeatMaps(self.source, bytes_max=1 << 24, expire=_nothing)
        self.tasks: list[asyncio.Task] = []

    async def ask(self, place: int, lists: bool) -> None:
        self.tasks.append(asyncio.create_task(self._ask(self.events[place], lists)))
        await turns(1)

    async def told(self, place: int, lists: bool) -> None:
        """Read, and get the response, while everything else in progress continues."""
        await self.ask(place, lists)
        while not self.tasks[-1].done():
            await turns()
            self.source.release(0)

    async def write(self, place: int, seat: int, kind: str) -> None:
        event = self.events[place]
        if not event.deleted:
            self.source.write(event.id, kind, seat % len(event.seats))

    async def commit(self, place: int, seat: int, kind: str) -> None:
        """Write with a batch of this node, whose maps take it over at once."""
        event = self.events[place]
        if event.deleted:
            return
        loaded = event.mark_at(event.version)
        await self.write(place, seat, kind)
        self.maps.committed(event.id, changes_of(event.log[-1], loaded))

    async def add(self, place: int, count: int) -> None:
        if not self.events[place].deleted:
            self.source.add_seats(self.events[place].id, count)

    async def edit(self, place: int) -> None:
        if not self.events[place].deleted:
            self.source.write(self.events[place].id, ChangeKind.EVENT_EDITED)

    async def lose(self, place: int, entries: int) -> None:
        self.source.lose(self.events[place].id, entries)

    async def delete(self, place: int) -> None:
        if not self.events[place].deleted:
            self.source.write(self.events[place].id, ChangeKind.EVENT_DELETED)
            self.events[place].deleted = True

    async def release(self, place: int, fails: bool) -> None:
        self.source.release(place, failing=fails)
        await turns()

    async def turn(self) -> None:
        await turns(1)

    async def end(self) -> None:
        """Let everything finish, and read everything once more."""
        await until_quiet(self.source, lambda: asyncio.gather(*self.tasks))
        for event in self.events:
            await until_quiet(self.source, lambda event=event: self._ask(event, True))
        kept = [seat_map for event in self.events if (seat_map := self.maps.kept(event.id)) is not None]
        assert self.maps._maps.size_bytes == sum(seat_map.size_bytes for seat_map in kept)
        assert not self.maps._loads._loads, "no load is forgotten"

    async def _ask(self, event, lists: bool) -> None:
        asked_at, losses, began_deleted = event.version, event.losses, event.deleted
        try:
            seat_map = await self.maps.current(event.id, lists=lists)
        except ConnectionLost:
            return
        except Contended:
            assert event.losses != losses, "without a failover there is always something to show"
            return
        if seat_map is None:
            assert event.deleted
            return
        assert not began_deleted
        if event.losses != losses:
            return  # what it shows may have been lost since; the next reader must not get it
        assert seat_map.version >= asked_at, "no older than the question"
        assert seat_map.mark == event.mark_at(seat_map.version)
        then = event.statuses(seat_map.version)
        assert statuses_of(seat_map) == [CODES[status] for status in then.values()]
        assert (seat_map.seats, seat_map.available) == (len(then), list(then.values()).count("available"))
        assert seat_map.positions_of(then) == list(range(len(then)))
        if lists:
            shown = listed(seat_map)
            assert [seat["seat_number"] for seat in shown] == sorted(seat["seat_number"] for seat in shown)
            assert {seat["id"]: seat["status"] for seat in shown} == {str(one): status for one, status in then.items()}
            free = [seat for seat in shown if seat["status"] == "available"]
            assert listed(seat_map, available_only=True) == free


@settings(max_examples=150)
@given(actions=ACTIONS)
def test_every_map_that_is_given_is_a_state_that_was(actions):
    async def play() -> None:
        scene = Scene()
        for name, *given_with in actions:
            await getattr(scene, name)(*given_with)
        await scene.end()

    asyncio.run(play())


async def _nothing(_event_id) -> None:
    pass
