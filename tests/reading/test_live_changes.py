"""Streams of changes: shared frames, no gap on resuming, and slow listeners are told to reload."""

import asyncio
import json

import pytest

from box_office import an_event, put_on_sale
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.identifiers import uuid7
from holdfast.application.reading import listeners, live_changes
from holdfast.application.reading.listeners import LastSeen
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.catalogue.seat import numbered_seats


class Reader:
    """Parses frames, as a browser does."""

    def __init__(self, listener) -> None:
        self._frames = listener.frames()

    last_seen: LastSeen | None = None

    async def next(self) -> tuple[str, int, dict]:
        async with asyncio.timeout(10):
            frame = (await anext(self._frames)).decode()
        fields = dict(line.split(": ", 1) for line in frame.strip().splitlines())
        # the last of two ids is used
        self.last_seen = LastSeen.parse(fields.get("id", "").encode())
        version = self.last_seen.version if self.last_seen else -1
        return fields["event"], version, json.loads(fields["data"])


async def test_changes_are_told_as_they_happen(engine, other_engine):
    sale = await put_on_sale(engine, 4)
    reader = Reader(await engine.views.live_changes.listen(sale.event_id, after=None))
    assert await reader.next() == ("hello", 1, {"version": 1, "seats": 4})
    await sale.reserve(engine, 2)
    assert await reader.next() == ("changes", 2, {"version": 2, "seats": 4, "changes": [[2, 1]]})
    await sale.reserve(other_engine, 0, 3)
    assert await reader.next() == ("changes", 3, {"version": 3, "seats": 4, "changes": [[0, 1], [3, 1]]})


async def test_resuming_leaves_no_gap(engine):
    sale = await put_on_sale(engine, 6)
    first = await engine.views.live_changes.listen(sale.event_id, after=None)
    reader = Reader(first)
    await reader.next()
    await sale.reserve(engine, 0)
    await reader.next()
    first.stop()
    await sale.reserve(engine, 1)
    await sale.reserve(engine, 2)

    again = Reader(await engine.views.live_changes.listen(sale.event_id, after=reader.last_seen))
    assert await again.next() == ("changes", 4, {"version": 4, "seats": 6, "changes": [[1, 1], [2, 1]]})
    await sale.reserve(engine, 3)
    assert await again.next() == ("changes", 5, {"version": 5, "seats": 6, "changes": [[3, 1]]})


async def test_resuming_while_seats_are_sold_leaves_no_gap(engine):
    """A listener that reconnects repeatedly under load ends with the same picture as the tables."""
    sale = await put_on_sale(engine, 60)
    known: dict[int, int] = {}

    async def follow():
        last_seen: LastSeen | None = None
        while len(known) < 60:
            listener = await engine.views.live_changes.listen(sale.event_id, after=last_seen)
            reader = Reader(listener)
            for _ in range(2):
                kind, _, data = await reader.next()
                last_seen = reader.last_seen
                known.update(dict(data.get("changes", [])))
                assert kind in ("hello", "changes")
                if len(known) == 60:
                    break
            listener.stop()

    follower = asyncio.create_task(follow())
    await asyncio.sleep(0.05)
    for place in range(60):
        await sale.reserve(engine, place)
        await asyncio.sleep(0.005)
    async with asyncio.timeout(20):
        await follower
    assert known == dict.fromkeys(range(60), 1)


async def test_a_version_that_never_was_and_one_too_old_mean_reload(engine):
    sale = await put_on_sale(engine, 2)
    reader = Reader(await engine.views.live_changes.listen(sale.event_id, after=LastSeen(999)))
    assert (await reader.next())[0] == "reload"


async def test_a_bare_version_is_understood(engine):
    """Listeners send it if they were opened on a node of the release before."""
    sale = await put_on_sale(engine, 2)
    await sale.reserve(engine, 1)
    reader = Reader(await engine.views.live_changes.listen(sale.event_id, after=LastSeen.parse(b"1")))
    assert await reader.next() == ("changes", 2, {"version": 2, "seats": 2, "changes": [[1, 1]]})
    for nonsense in (b"", b"x", b"-1", b"1-", b"1-12345678901g", b"9" * 30, b"1-" + b"a" * 13):
        assert LastSeen.parse(nonsense) is None


async def test_added_seats_are_part_of_the_frame(engine):
    sale = await put_on_sale(engine, 2)
    reader = Reader(await engine.views.live_changes.listen(sale.event_id, after=None))
    await reader.next()
    await add_seats(engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=3, price=1))
    assert await reader.next() == ("changes", 2, {"version": 2, "seats": 5, "changes": []})


async def test_the_first_seats_of_an_event_are_told_like_any_others(engine):
    """Version 0 has no log entry, so nothing was lost if the log begins with version 1."""
    event = await create_event(engine.catalogue, an_event())
    reader = Reader(await engine.views.live_changes.listen(event.id, after=None))
    assert await reader.next() == ("hello", 0, {"version": 0, "seats": 0})
    await add_seats(engine.catalogue, event.id, numbered_seats(prefix="A", count=3, price=1))
    assert await reader.next() == ("changes", 1, {"version": 1, "seats": 3, "changes": []})


async def test_a_deleted_event_ends_its_streams(engine):
    sale = await put_on_sale(engine, 2)
    listener = await engine.views.live_changes.listen(sale.event_id, after=None)
    reader = Reader(listener)
    await reader.next()
    await delete_event(engine.catalogue, sale.event_id)
    assert (await reader.next())[0] == "deleted"
    with pytest.raises(StopAsyncIteration):
        await reader.next()
    with pytest.raises(EventNotFound):
        await engine.views.live_changes.listen(uuid7(), after=None)


def test_a_slow_listener_is_sent_away_to_reload():
    listener = listeners.Listener(1, lambda _: None)
    assert all(listener.put(b"frame") for _ in range(listeners.FRAMES_MAX))
    assert not listener.put(b"one too many")

    async def rest() -> list[bytes]:
        return [frame async for frame in listener.frames()]

    assert asyncio.run(rest()) == [listeners.RELOAD]


async def test_heartbeats_keep_quiet_streams_open(engine, monkeypatch):
    monkeypatch.setattr(live_changes, "HEARTBEAT_SECONDS", 0.1)
    sale = await put_on_sale(engine, 1)
    listener = await engine.views.live_changes.listen(sale.event_id, after=None)
    frames = listener.frames()
    await anext(frames)
    async with asyncio.timeout(10):
        assert await anext(frames) == live_changes.HEARTBEAT
