"""Pages far down in the lists of many cells, here schemas of one database: what they cost, and that they are right."""

from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from uuid import UUID

import pytest

from box_office import sql
from cells.test_merged_pages import Told
from holdfast.application.cells.cells import Cells, Member
from holdfast.application.cells.merging import Stride
from holdfast.application.cells.view import View
from holdfast.application.identifiers import CellIds
from holdfast.application.reading.merged.lists import MergedReads
from holdfast.application.reading.merged.storefront import MergedStorefrontReads
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.reading.list_keys import PostgresListKeys
from holdfast.infrastructure.postgres.reading.reads import PostgresReads
from holdfast.infrastructure.postgres.reading.storefront import PostgresStorefrontReads
from holdfast.server_urls.cells import Cell

COUNTS = (2, 3, 10, 20)
OFFSET = 10_000
ENTRIES = OFFSET + 300
_RESERVED = """
INSERT INTO cell_{number}.reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status,
    total_amount, created_at, expires_at, created_version, changed_version)
SELECT gen_random_uuid(), '{event_id}', 'of-{count}', 'key-' || i, '', ARRAY[gen_random_uuid()], 'pending', 100,
    '2031-01-01'::timestamptz + i * interval '1 second', '2099-01-01', 1, 1
FROM generate_series(1, {entries}) AS i WHERE abs(hashint4(i)) % {count} = {number}"""
_EVENT = UUID(int=7)


class CountingPool(Pool):
    """Counts how often it is used: here once for each statement."""

    used = 0

    def connection(self, **how):
        self.used += 1
        return super().connection(**how)


@pytest.fixture
async def many_cells(database_url):
    """Twenty schemas with the reservations of four users, who have theirs in 2, 3, 10 or all of them."""
    statements = []
    for number in range(max(COUNTS)):
        statements += [
            f"CREATE SCHEMA cell_{number}",
            f"CREATE TABLE cell_{number}.reservations (LIKE public.reservations INCLUDING DEFAULTS)",
            *(
                _RESERVED.format(number=number, event_id=_EVENT, count=count, entries=ENTRIES)
                for count in COUNTS
                if number < count
            ),
            f'CREATE INDEX ON cell_{number}.reservations (user_id COLLATE "POSIX", created_at DESC, id DESC)',
        ]
    await sql(database_url, "; ".join(statements))
    yield database_url
    await sql(database_url, "; ".join(f"DROP SCHEMA cell_{number} CASCADE" for number in range(max(COUNTS))))


@asynccontextmanager
async def merged(database_url, count):
    async with AsyncExitStack() as stack:
        members = []
        for number in range(count):
            cell = Cell(number, database_url, schema=f"cell_{number}")
            pool = CountingPool(cell, size=1, application_name="deep", timeouts=Timeouts())
            stack.push_async_callback(pool.close)
            part = SimpleNamespace(pool=pool, reads=PostgresReads(pool), keys=PostgresListKeys(pool))
            members.append(Member(number, part, Told(number), CellIds(number)))
        cells = Cells(members)
        stack.callback(cells.close)
        await cells.look()
        reads = MergedReads(View(cells, lambda part: part.reads), View(cells, lambda part: part.keys))
        yield reads, [member.part.pool for member in members]


async def test_a_page_behind_ten_thousand_takes_a_few_statements_of_each_cell(many_cells):
    """With one statement to each cell for each step there were 14, 33, 390 and 1,580."""
    statements: Counter[int] = Counter()
    for count in COUNTS:
        everything = " UNION ALL ".join(f"SELECT * FROM cell_{number}.reservations" for number in range(count))
        rows = await sql(
            many_cells,
            f"SELECT id FROM ({everything}) AS one WHERE user_id = $1"
            f" ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET {OFFSET}",
            f"of-{count}",
        )
        async with merged(many_cells, count) as (reads, pools):
            page = await reads.reservations(f"of-{count}", limit=20, offset=OFFSET)
            statements[count] = sum(pool.used for pool in pools)
        assert [one.id for one in page] == [row["id"] for row in rows]
        assert len(rows) == 20
    assert all(statements[count] <= 4 * count for count in COUNTS), statements


ONE, OTHER = UUID(int=1), UUID(int=2)
_LISTED = """
INSERT INTO organisers (id, name, created_at)
SELECT id, id::text, now() FROM unnest(ARRAY['{one}'::uuid, '{other}'::uuid]) AS made (id);
INSERT INTO events (id, organiser_id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
    version, published, deleted_at)
SELECT md5('e' || e)::uuid, CASE WHEN e % 3 = 0 THEN '{one}'::uuid ELSE '{other}'::uuid END, 'Event', '', '',
    now() + interval '1 day', now() + interval '2 days', 10, '2031-01-01'::timestamptz + (e / 4) * interval '1 second',
    now(), 1, e % 5 <> 0, CASE WHEN e % 7 = 0 THEN now() END
FROM generate_series(1, 90) AS e;
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, total_amount,
    created_at, expires_at, created_version, changed_version)
SELECT md5('r' || r)::uuid, md5('e' || 1 + r % 90)::uuid, CASE WHEN r % 4 = 0 THEN 'bob' ELSE 'ann' END,
    'key-' || r, '', ARRAY[gen_random_uuid()], 'pending', 100,
    '2031-01-01'::timestamptz + (r / 3) * interval '1 second', '2099-01-01', 1, 1
FROM generate_series(1, 120) AS r"""
STRIDES = [Stride(0, 10, 1), Stride(0, 200, 1), Stride(3, 20, 4), Stride(5, 1_000, 7), Stride(500, 10, 3)]


async def test_keys_are_those_of_their_lists(database_url):
    await sql(database_url, _LISTED.format(one=ONE, other=OTHER))
    async with AsyncExitStack() as stack:
        pool = Pool(database_url, size=1, application_name="keys", timeouts=Timeouts())
        stack.push_async_callback(pool.close)
        reads, keys, storefront = PostgresReads(pool), PostgresListKeys(pool), PostgresStorefrontReads(pool)
        both, buyers = frozenset({ONE, OTHER}), ["ann", "bob"]
        lists = {
            "events": (lambda page: reads.events(**page), lambda one: keys.events(one, drafts_of=frozenset())),
            "with drafts": (
                lambda page: reads.events(**page, drafts_of={ONE}),
                lambda one: keys.events(one, drafts_of={ONE}),
            ),
            "all": (lambda page: reads.events(**page, drafts_of=None), lambda one: keys.events(one, drafts_of=None)),
            "of one": (lambda page: reads.events_of({ONE}, **page), lambda one: keys.events_of(one, {ONE})),
            "of both": (lambda page: reads.events_of(both, **page), lambda one: keys.events_of(one, both)),
            "reservations": (lambda page: reads.reservations("ann", **page), lambda one: keys.reservations(one, "ann")),
            "at one": (
                lambda page: reads.reservations_at({ONE}, "ann", **page),
                lambda one: keys.reservations_at(one, {ONE}, "ann"),
            ),
            "booked": (lambda page: _booked(storefront, buyers, page), lambda one: keys.booked(one, buyers)),
        }
        for name, (read, keys_of) in lists.items():
            whole = [(one.created_at, one.id) for one in await read({"limit": 1_000, "offset": 0})]
            assert len(whole) > 10, name
            for stride in STRIDES:
                shown = whole[stride.offset : stride.offset + stride.span][stride.step - 1 :: stride.step]
                assert await keys_of(stride) == shown, (name, stride)


async def _booked(storefront, buyers, page):
    return [one.reservation for one in await storefront.booked(buyers, **page)]


async def test_what_buyers_have_booked_is_merged_by_the_same_keys(database_url):
    await sql(database_url, _LISTED.format(one=ONE, other=OTHER))
    async with AsyncExitStack() as stack:
        pool = Pool(database_url, size=1, application_name="keys", timeouts=Timeouts())
        stack.push_async_callback(pool.close)
        part = SimpleNamespace(reads=PostgresStorefrontReads(pool), keys=PostgresListKeys(pool))
        cells = Cells([Member(0, part, Told(0), CellIds(0))])
        await cells.look()
        merged_reads = MergedStorefrontReads(View(cells, lambda one: one.reads), View(cells, lambda one: one.keys))
        whole = await part.reads.booked(["ann", "bob"], limit=1_000, offset=0)
        assert await merged_reads.booked(["ann", "bob"], limit=5, offset=60) == whole[60:65]
        cells.close()
