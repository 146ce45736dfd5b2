"""Streams of changes over the protocol that nodes speak, which writes shared frames to the connections directly."""

import asyncio
import json

import httpx

from api.serving import Api, serving
from holdfast.bootstrap.api import application
from holdfast.settings import Settings


async def test_every_listener_is_told_every_change_once(database_url, redis_url):
    listeners, changes = 120, 8
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with application(settings) as app, serving(app) as url:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=20, limits=limits) as client:
            api = Api(client)
            event_id, seat_ids = await api.event_on_sale(seats=changes)
            listening = asyncio.Semaphore(0)

            async def listen() -> dict[int, int]:
                known: dict[int, int] = {}
                async with client.stream("GET", f"/api/v1/events/{event_id}/changes") as answer:
                    async for line in answer.aiter_lines():
                        if not line.startswith("data: "):
                            continue
                        data = json.loads(line.removeprefix("data: "))
                        if "changes" not in data:
                            listening.release()
                            continue
                        for place, code in data["changes"]:
                            assert place not in known
                            known[place] = code
                        if len(known) == changes:
                            return known
                raise AssertionError(f"the stream ended after {known}")

            async with asyncio.timeout(40), asyncio.TaskGroup() as group:
                told = [group.create_task(listen()) for _ in range(listeners)]
                for _ in range(listeners):
                    await listening.acquire()
                for seat_id in seat_ids:
                    await api.reserve(event_id, [seat_id])
            assert {tuple(sorted(task.result().items())) for task in told} == {
                tuple((place, 1) for place in range(changes))
            }


async def test_a_stream_of_a_deleted_event_ends_properly(api):
    event_id, _ = await api.event_on_sale(seats=1)
    lines = []
    async with (
        asyncio.timeout(20),
        api.http.stream("GET", f"/api/v1/events/{event_id}/changes") as answer,
    ):
        async for line in answer.aiter_lines():
            lines.append(line)
            if line == 'data: {"version":1,"seats":1}':
                await api.delete(f"/events/{event_id}")
    assert "event: deleted" in lines
