"""The schema goes up, down, and up again, and says where it stands."""

import asyncio

import pytest

from box_office import sql
from holdfast.infrastructure.postgres import migrate

SHAPE = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
ORDER BY 1
"""


def shape_of(url):
    return [row["line"] for row in asyncio.run(sql(url, SHAPE))]


def test_up_and_down_and_up_again_is_the_same_schema(empty_database_url):
    url = empty_database_url
    migrate.upgrade(url)
    first = shape_of(url)
    assert any(line.startswith("claims.seat_id") for line in first)
    migrate.upgrade(url)
    assert shape_of(url) == first, "up twice is up once"
    migrate.downgrade(url, "base")
    assert [line for line in shape_of(url) if "alembic_version" not in line] == []
    migrate.upgrade(url)
    assert shape_of(url) == first


def test_one_step_down_and_up(database_url):
    before = shape_of(database_url)
    migrate.downgrade(database_url)
    status = migrate.status(database_url)
    assert len(status.pending) == 1
    assert not status.at_head
    migrate.upgrade(database_url)
    assert shape_of(database_url) == before


def test_the_status_tells_what_is_to_come(empty_database_url):
    status = migrate.status(empty_database_url)
    assert (status.current, status.at_head) == (None, False)
    assert status.pending[0].startswith("0001 ")
    assert status.pending[-1].startswith(migrate.head_revision())
    migrate.upgrade(empty_database_url)
    status = migrate.status(empty_database_url)
    assert (status.current, status.head, status.pending) == (migrate.head_revision(), migrate.head_revision(), [])
    assert status.at_head


async def test_two_operators_at_once_do_not_get_in_each_others_way(empty_database_url):
    await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, empty_database_url) for _ in range(2)))
    status = await asyncio.to_thread(migrate.status, empty_database_url)
    assert status.at_head


def test_a_database_that_is_not_there_fails(empty_database_url):
    with pytest.raises(Exception, match="does not exist"):
        migrate.status(empty_database_url + "_not")
