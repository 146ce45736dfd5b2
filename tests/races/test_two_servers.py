"""Races over HTTP against two server processes that share one PostgreSQL and one Redis."""

import asyncio
from collections import Counter

import pytest

from races.ledger import assert_sound
from races.server_process import Request, ServerProcess, send_together

WRITES_MAX = 3
READS_MAX = 50


@pytest.fixture
async def nodes(database_url, redis_url):
    started = [ServerProcess(database_url, redis_url) for _ in range(2)]
    try:
        await asyncio.gather(*(asyncio.to_thread(node.wait_until_serving) for node in started))
        yield started
    finally:
        await asyncio.gather(*(asyncio.to_thread(node.stop) for node in started))


def reserving(node, event_id, user_id, seat_ids, *, key="once"):
    body = {
        "event_id": str(event_id),
        "seat_ids": [str(seat_id) for seat_id in seat_ids],
        "idempotency_key": key,
    }
    return Request(node, "/reservations", user_id, body)


def resolving(node, verb, reservation_id, user_id):
    return Request(node, f"/reservations/{reservation_id}/{verb}", user_id)


def codes_of(answers):
    return Counter((answer.status, answer.json().get("code", "")) for answer in answers)


async def test_a_storm_on_one_seat_of_one_server_then_of_both(nodes, ledger):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    answers = await send_together(
        [reserving(nodes[0], event_id, f"buyer-{number}", [seat_id]) for number in range(300)]
    )
    assert codes_of(answers) == {(201, ""): 1, (409, "seats_unavailable"): 299}
    assert nodes[0].metric("holdfast_batches_total") <= WRITES_MAX
    assert nodes[0].metric("holdfast_shared_reads_total") <= READS_MAX

    event_id, [seat_id] = await ledger.add_event(seats=1)
    answers = await send_together(
        [reserving(nodes[number % 2], event_id, f"buyer-{number}", [seat_id]) for number in range(500)]
    )
    assert codes_of(answers) == {(201, ""): 1, (409, "seats_unavailable"): 499}
    await assert_sound(ledger)


async def test_one_key_and_confirm_against_cancel_at_two_servers(nodes, ledger):
    event_id, seat_ids = await ledger.add_event(seats=41)
    answers = await send_together(
        [reserving(nodes[number % 2], event_id, "impatient", seat_ids[:1], key="k") for number in range(50)]
    )
    assert codes_of(answers) == {(201, ""): 50}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotent-replayed") for answer in answers) == {"true": 49, None: 1}

    held = await send_together(
        [reserving(nodes[0], event_id, f"buyer-{n}", [seat]) for n, seat in enumerate(seat_ids[1:])]
    )
    ids = [answer.json()["id"] for answer in held]
    confirms = [resolving(nodes[n % 2], "confirm", one, f"buyer-{n}") for n, one in enumerate(ids)]
    cancels = [resolving(nodes[1 - n % 2], "cancel", one, f"buyer-{n}") for n, one in enumerate(ids)]
    answers = await send_together([*confirms, *cancels])

    for reservation_id, confirmed, cancelled in zip(ids, answers[:40], answers[40:], strict=True):
        status = (await ledger.reservation(reservation_id))["status"]
        if status == "confirmed":
            assert codes_of([confirmed, cancelled]) == {(200, ""): 1, (409, "already_confirmed"): 1}
            assert confirmed.json()["status"] == "confirmed"
        else:
            assert codes_of([confirmed, cancelled]) == {(409, "already_cancelled"): 1, (200, ""): 1}
            assert cancelled.json()["status"] == "cancelled"
    await assert_sound(ledger)
