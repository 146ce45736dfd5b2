"""The tests' own servers: a database for each test, a Redis database for each worker."""

import asyncpg
import pytest
import redis.asyncio


@pytest.mark.parametrize("_turn", [1, 2])
async def test_each_test_has_an_empty_database_of_its_own(empty_database_url, _turn):
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE mark ()")
    assert await connection.fetchval("SELECT current_user") == "holdfast"
    await connection.close()


@pytest.mark.parametrize("_turn", [1, 2])
async def test_each_test_finds_redis_empty(redis_url, _turn):
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("mark", 1)
