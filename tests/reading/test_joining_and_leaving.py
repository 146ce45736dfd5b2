"""Streams that start and end in any order while the database is slow: none is forgotten, none misses anything."""

import asyncio
import contextlib
import json
from collections import deque
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.application.failures import OperationalFailure
from holdfast.application.reading import live_changes
from holdfast.application.reading.listeners import RELOAD, LastSeen
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.logged_change import CODES
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.catalogue.refusals import EventNotFound
from reading.simulated_source import SimulatedSource, turns, until_quiet

SEATS = 6


def codes_at(event, version: int | None = None) -> list[int]:
    return [CODES[status] for status in event.statuses(version).values()]


class Browser:
    """A page with a stream: it knows the seats at a version, and follows the frames."""

    def __init__(self, event, *, resumes: bool = False, behind: int = 0) -> None:
        self.event = event
        self.version = max(1, event.version - behind) if resumes else None
        self.last_id = event.mark_at(self.version).name.encode() if resumes else b""
        self.seats = dict(enumerate(codes_at(event, self.version)))
        self.listener = None
        self.left = False
        self.over = False
        """It was told to reload, or that the event is deleted."""

    async def open(self, live: LiveChanges) -> None:
        try:
            self.listener = await live.listen(self.event.id, after=LastSeen.parse(self.last_id))
        except EventNotFound:
            self.over = True

    def read(self) -> None:
        frames: deque[bytes] = self.listener._frames
        while frames:
            frame = frames.popleft()
            fields = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines() if line[0] != ":")
            self.last_id = fields.get("id", "").encode() or self.last_id
            if frame == RELOAD or fields.get("event") == "deleted":
                self.over = True
            elif fields.get("event") == "hello":
                # a page loads the seats now, at this version or a later one
                self.version = json.loads(fields["data"])["version"]
                self.seats = dict(enumerate(codes_at(self.event)))
            elif fields.get("event") == "changes":
                data = json.loads(fields["data"])
                assert self.version is None or data["version"] > self.version
                self.version = data["version"]
                self.seats.update(dict(data["changes"]))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 1), st.booleans(), st.integers(0, 2)),
        st.tuples(st.just("opened"), st.integers(0, 1), st.booleans(), st.integers(0, 2)),
        st.tuples(st.just("leave"), st.integers(0, 9)),
        st.tuples(st.just("write"), st.integers(0, 1), st.integers(0, SEATS - 1), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 1), st.integers(1, 3)),
        st.tuples(st.just("delete"), st.just(1)),
        st.tuples(st.just("tick")),
        st.tuples(st.just("release"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("turn")),
    ),
    max_size=30,
)


@pytest.fixture
def without_a_clock(monkeypatch):
    """Ticks happen when the test says so."""
    monkeypatch.setattr(live_changes, "TICK_SECONDS", 1_000.0)


class Scene:
    """Two events, the streams of a node, and the steps that may happen."""

    def __init__(self) -> None:
        self.source = SimulatedSource(events=2, seats=SEATS)
        self.events = list(self.source.events.values())
        self.live = LiveChanges(SeatMaps(self.source, bytes_max=1 << 24, expire=_nothing), self.source)
        self.browsers: list[Browser] = []
        self.tasks: list[asyncio.Task] = []
        self._tick: asyncio.Task | None = None

    async def join(self, place: int, resumes: bool, behind: int) -> None:
        browser = Browser(self.events[place], resumes=resumes, behind=behind)
        self.browsers.append(browser)
        self.tasks.append(asyncio.create_task(browser.open(self.live)))

    async def opened(self, place: int, resumes: bool, behind: int) -> None:
        await self.join(place, resumes, behind)
        while not self.tasks[-1].done():
            await turns()
            self.source.release(0)

    async def leave(self, place: int) -> None:
        browser = self.browsers[place % len(self.browsers)] if self.browsers else None
        if browser is not None and browser.listener is not None:
            browser.listener.stop()
            browser.left = True

    async def write(self, place: int, seat: int, held: bool) -> None:
        if not self.events[place].deleted:
            kind = ChangeKind.RESERVED if held else ChangeKind.CANCELLED
            self.source.write(self.events[place].id, kind, seat)

    async def lose(self, place: int, entries: int) -> None:
        self.source.lose(self.events[place].id, entries)

    async def delete(self, place: int) -> None:
        if not self.events[place].deleted:
            self.source.write(self.events[place].id, ChangeKind.EVENT_DELETED)
            self.events[place].deleted = True

    async def tick(self) -> None:
        if self._tick is None or self._tick.done():
            self._tick = asyncio.create_task(_quietly(self.live._tick()))
            self.tasks.append(self._tick)

    async def release(self, place: int, fails: bool) -> None:
        self.source.release(place, failing=fails)
        await turns()

    async def turn(self) -> None:
        await turns(1)

    async def end(self) -> None:
        """Let everything finish, and compare every stream with its event."""
        await until_quiet(self.source, lambda: asyncio.gather(*self.tasks, return_exceptions=True))
        for _ in range(3):
            await until_quiet(self.source, self.live._tick)
        for browser in self.browsers:
            if browser.listener is not None:
                assert browser.left or browser.listener._ended or _is_served(self.live, browser)
                browser.read()
                if not (browser.left or browser.over):
                    assert browser.version == browser.event.version
                    assert list(browser.seats.values()) == codes_at(browser.event)
        channels = self.live._channels.values()
        assert self.live.listeners == sum(len(channel.listeners) for channel in channels)
        assert all(channel.listeners for channel in channels), "a channel without listeners is let go"
        self.live.close()
        assert self.live.listeners == 0


@pytest.mark.usefixtures("without_a_clock")
@settings(max_examples=120)
@given(actions=ACTIONS)
def test_every_stream_follows_its_event_whatever_happens_in_between(actions):
    async def play() -> None:
        scene = Scene()
        for name, *given_with in actions:
            await getattr(scene, name)(*given_with)
        await scene.end()

    asyncio.run(play())


@pytest.mark.usefixtures("without_a_clock")
async def test_who_resumes_while_the_only_other_listener_leaves_is_served():
    """It used to be attached to a channel that was removed while what it had missed was being read."""
    source = SimulatedSource(events=1, seats=SEATS)
    (event,) = source.events.values()
    live = LiveChanges(SeatMaps(source, bytes_max=1 << 24, expire=_nothing), source)
    first = Browser(event)
    await until_quiet(source, lambda: first.open(live))
    source.write(event.id, ChangeKind.RESERVED, 0)
    await until_quiet(source, live._tick)
    second = Browser(event, resumes=True, behind=1)
    opening = asyncio.create_task(second.open(live))
    await turns()
    source.release(0)  # the event's version; what was missed is being read
    await turns()
    first.listener.stop()
    await until_quiet(source, lambda: opening)
    source.write(event.id, ChangeKind.RESERVED, 1)
    await until_quiet(source, live._tick)
    second.read()
    assert second.version == event.version
    assert _is_served(live, second)
    live.close()


def _is_served(live: LiveChanges, browser: Browser) -> bool:
    channel = live._channels.get(browser.event.id)
    return channel is not None and browser.listener in channel.listeners


async def _nothing(_event_id) -> None:
    pass


async def _quietly(tick) -> None:
    with contextlib.suppress(OperationalFailure):
        await tick


async def test_a_fault_in_one_events_news_keeps_nothing_from_the_others(monkeypatch):
    """Its own listeners reload the seats, and the loop continues."""
    monkeypatch.setattr(live_changes, "TICK_SECONDS", 0.01)
    source = SimulatedSource(events=2, seats=SEATS)
    live = LiveChanges(SeatMaps(source, bytes_max=1 << 24, expire=_nothing), source)
    broken, sound = [Browser(event) for event in source.events.values()]
    for browser in (broken, sound):
        await until_quiet(source, lambda browser=browser: browser.open(live))
    for rounds in (1, 2):
        if rounds == 1:
            seats, broken.event.seats = broken.event.seats, [UUID(int=1)]
            source.write(broken.event.id, ChangeKind.RESERVED, 0)
            broken.event.seats = seats
        source.write(sound.event.id, ChangeKind.RESERVED, rounds)
        async with asyncio.timeout(20):
            while sound.version != sound.event.version:
                await asyncio.sleep(0.005)
                source.release(0)
                sound.read()
    broken.read()
    assert broken.over
    assert not sound.over
    live.close()
