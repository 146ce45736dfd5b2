"""A page of the merged list is what it would be if one database had everything, whatever the offset."""

import asyncio
import random
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.application.cells import cells as several
from holdfast.application.cells import merging
from holdfast.application.cells.cells import Cells, Member, started
from holdfast.application.cells.merging import Stride
from holdfast.application.cells.ports import OwnNumber
from holdfast.application.cells.view import View
from holdfast.application.failures import ConnectionLost
from holdfast.application.identifiers import CellIds
from holdfast.application.reading.merged.storefront import MergedStorefrontReads
from holdfast.application.reading.storefront.listing import Listing

NOW = datetime(2031, 1, 1, tzinfo=UTC)


class Told:
    """A register that knows a number."""

    def __init__(self, number: int) -> None:
        self._number = number

    async def own(self) -> OwnNumber | None:
        return OwnNumber(self._number, NOW)

    async def cells(self) -> list:
        return []

    async def planned_seats(self) -> int:
        return 0

    async def ping(self) -> None:
        pass


class Entries:
    """A cell's list, newest first, which counts what it sends and how often it is asked."""

    def __init__(self, entries: list[int]) -> None:
        self._entries = sorted(entries, reverse=True)
        self.sent = 0
        self.asked = 0

    async def read(self, *, limit: int, offset: int) -> list[int]:
        found = self._entries[offset : offset + limit]
        self.sent += len(found)
        self.asked += 1
        return found

    async def keys(self, stride: Stride) -> list[int]:
        self.asked += 1
        return self._entries[stride.offset : stride.offset + stride.span][stride.step - 1 :: stride.step]


async def _cells_with(lists: list[list[int]]) -> Cells[Entries]:
    cells = Cells(
        [Member(number, Entries(entries), Told(number), CellIds(number)) for number, entries in enumerate(lists)]
    )
    await cells.look()
    return cells


async def _page(cells: Cells[Entries], limit: int, offset: int) -> list[int]:
    view = View(cells, lambda part: part)
    merged = merging.MergedList(view, lambda part: part.read, view, lambda part, stride: part.keys(stride), int)
    return await merged.page(limit=limit, offset=offset)


@pytest.fixture(autouse=True)
def _near_is_near(monkeypatch):
    """So that lists of some dozens of entries have large offsets, which several rounds bring near."""
    monkeypatch.setattr(merging, "SKIPPED_MAX", 3)
    monkeypatch.setattr(merging, "KEYS_OF_CELL", 4)
    monkeypatch.setattr(merging, "_KEYS_PER_CELL", 1)


SKIPPED_MAX, KEYS_OF_CELL, KEYS_PER_CELL = merging.SKIPPED_MAX, merging.KEYS_OF_CELL, merging._KEYS_PER_CELL


def _as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(merging, "SKIPPED_MAX", SKIPPED_MAX)
    monkeypatch.setattr(merging, "KEYS_OF_CELL", KEYS_OF_CELL)
    monkeypatch.setattr(merging, "_KEYS_PER_CELL", KEYS_PER_CELL)


@settings(max_examples=300)
@given(
    entries=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10_000)), unique_by=lambda one: one[1], max_size=80),
    count=st.integers(1, 6),
    limit=st.integers(1, 10),
    offset=st.integers(0, 100),
)
def test_a_page_is_that_of_one_list(entries, count, limit, offset):
    lists: list[list[int]] = [[] for _ in range(count)]
    for cell, entry in entries:
        lists[cell % count].append(entry)

    async def both() -> list[int]:
        return await _page(await _cells_with(lists), limit, offset)

    expected = sorted((entry for _, entry in entries), reverse=True)[offset : offset + limit]
    assert asyncio.run(both()) == expected


async def test_a_large_offset_does_not_fetch_what_it_skips(monkeypatch):
    _as_it_is(monkeypatch)
    lists = [list(range(0, 60_000, 3)), list(range(1, 60_000, 3)), list(range(2, 60_000, 3))]
    cells = await _cells_with(lists)
    assert await _page(cells, 20, 50_000) == list(range(9_999, 9_979, -1))
    assert sum(cells.at(number).sent for number in range(3)) < 1_500
    assert await _page(cells, 20, 2**53) == []


@pytest.mark.parametrize("spread", ["evenly", "all in one", "most in one", "one after the other"])
@pytest.mark.parametrize("count", [2, 3, 10, 20, 100])
async def test_a_large_offset_asks_each_cell_a_few_times(monkeypatch, count, spread):
    """It was once nearly as many times as there are cells, and for each tenfold offset twice as many more."""
    _as_it_is(monkeypatch)
    chance = random.Random(count)
    place = {
        "evenly": lambda _: chance.randrange(count),
        "all in one": lambda _: 1,
        "most in one": lambda _: chance.choice([1, 1, 1, chance.randrange(count)]),
        "one after the other": lambda entry: entry * count // 30_000,
    }[spread]
    lists: list[list[int]] = [[] for _ in range(count)]
    for entry in range(30_000):
        lists[place(entry)].append(entry)
    cells = await _cells_with(lists)
    for offset in (10_000, 29_000):
        before = cells.at(0).asked
        assert await _page(cells, 10, offset) == list(range(29_999 - offset, 29_989 - offset, -1))
        assert cells.at(0).asked - before <= 16, offset
    cells.close()


async def test_without_any_cell_there_is_no_list():
    cells = await _cells_with([[1], [2]])
    for number in (0, 1):
        cells.at(number).read = _fails

    since = started()
    with pytest.raises(ConnectionLost):
        await _page(cells, 20, 0)
    assert cells.missing(since) == [0, 1]
    cells.close()


async def test_a_list_waits_once_for_a_cell_that_answers_only_pings(monkeypatch):
    """As while a table of it is locked. A page behind a large offset asks several times."""
    monkeypatch.setattr(several, "LIST_SECONDS_MAX", 0.1)
    cells = await _cells_with([list(range(40)), list(range(40, 80))])
    asked = 0

    async def hang(_: Stride) -> list[int]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(5)
        return []

    cells.at(1).keys = hang
    assert await _page(cells, 5, 30) == list(range(9, 4, -1))
    assert asked == 1
    cells.close()


async def _fails(*, limit: int, offset: int) -> list[int]:
    raise ConnectionLost(f"{limit} {offset}")


class Prices:
    """The events of a cell, of which the first has a price."""

    def __init__(self, *event_ids: UUID) -> None:
        self.event_ids = event_ids
        self.away = False

    async def upcoming(self, after: None, *, limit: int) -> tuple[list, datetime]:
        details = SimpleNamespace(start_at=NOW, sale_opens_at=None, sale_closes_at=None)
        events = [SimpleNamespace(id=one, seats=9, details=details) for one in self.event_ids][:limit]
        return [SimpleNamespace(event=one, free=9, chart_edits=1, category_price=after) for one in events], NOW

    async def lowest_prices(self, event_ids: list[UUID]) -> dict[UUID, int | None]:
        if self.away:
            raise ConnectionLost("away")
        mine = [one for one in event_ids if one in self.event_ids[:1]]
        return dict.fromkeys(event_ids) | dict.fromkeys(mine, 700)


async def test_a_cell_that_goes_away_before_its_prices_are_read_gets_them_when_it_is_back():
    ids = [UUID(int=number) for number in range(3)]
    parts = [Prices(ids[0]), Prices(*ids[1:])]
    members = [Member(number, part, Told(number), CellIds(number)) for number, part in enumerate(parts)]
    cells = Cells(members)
    await cells.look()
    reads = MergedStorefrontReads(View(cells, lambda part: part), View(cells, lambda part: part))
    listing = Listing(reads, clock=lambda: 0.0, pause_seconds=lambda: 0.0)
    parts[1].away = True
    assert [one.price_from for one in (await listing.page(None)).events] == [700, None, None]
    parts[1].away = False
    while cells.missing(started()):  # noqa: ASYNC110 - polled on purpose
        await asyncio.sleep(0)
    assert [one.price_from for one in (await listing.page(None)).events] == [700, 700, None]
    assert await reads.lowest_prices(ids) == {ids[0]: 700, ids[1]: 700, ids[2]: None}
    cells.close()
