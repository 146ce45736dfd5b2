"""Seats that are kept back, given back and opened while they are being sold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from holdfast.domain.booking.channels import digest_of
from races.calls import channel_call, reserve_call, resolve_call
from races.ledger import Ledger, assert_sound, by_code


async def add_channel(
    ledger: Ledger, event_id: UUID, seat_ids: Sequence[UUID] = (), *, key="fans", opens_in: timedelta | None = None
) -> None:
    """Store a channel whose code is its key."""
    await ledger.connection.execute(
        "INSERT INTO channels (event_id, key, name, code_digest, kept_back, opens_to_all_at)"
        " VALUES ($1, $2, 'Fans', $3, $4, clock_timestamp() + $5::interval)",
        *(event_id, key, digest_of(key), len(seat_ids), opens_in),
    )
    await ledger.connection.executemany(
        "INSERT INTO channel_seats (seat_id, event_id, channel_key) VALUES ($1, $2, $3)",
        [(seat_id, event_id, key) for seat_id in seat_ids],
    )


async def kept_back(ledger: Ledger) -> int:
    return await ledger.count("SELECT sum(kept_back) FROM channels")


async def test_a_seat_is_held_or_kept_back_and_the_answer_says_which(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=60)
    await add_channel(ledger, event_id)
    wishes = [reserve_call(event_id, f"buyer-{n}", [seat_id]) for n, seat_id in enumerate(seat_ids)]
    blocks = [channel_call("keep_back", event_id, seat_ids[start : start + 20]) for start in (0, 20, 40)]

    answers = await engines.race([wishes[0], *blocks[:1], *wishes[1:30], *blocks[1:2], *wishes[30:], *blocks[2:]])

    held = {seat_id for answer in answers for seat_id in answer.seat_ids if answer.reservation_id}
    taken = {seat_id for answer in answers for seat_id in answer.seat_ids if "kept_back" in answer.data}
    refused = {
        seat_id for answer in answers if answer.code == "seats_unavailable" for seat_id in answer.data["seat_ids"]
    }
    assert taken == held, "what was held before the block is named, and nothing was held after it"
    assert refused == {str(seat_id) for seat_id in seat_ids} - held
    assert await kept_back(ledger) == len(refused)
    await assert_sound(ledger)


async def test_two_channels_that_want_the_same_seats_share_them_out(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=40)
    await add_channel(ledger, event_id)
    await add_channel(ledger, event_id, key="press")
    calls = [
        channel_call("keep_back", event_id, seat_ids[start : start + 30], channel=key)
        for start in (0, 10)
        for key in ("fans", "press")
    ]
    buyers = [
        replace(reserve_call(event_id, f"{key}-{n}", [seat_id]), channel=key)
        for n, seat_id in enumerate(seat_ids)
        for key in ("fans", "press", "")
    ]

    answers = await engines.race([*calls, *buyers])

    assert all(answer.done for answer in answers[:4])
    assert set(by_code(answers[4:])) <= {"done", "seats_unavailable"}
    assert await ledger.count("SELECT count(*) FROM channel_seats") == 40
    await assert_sound(ledger)


async def test_everybody_comes_for_the_seats_at_the_instant_of_the_opening(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=40)
    await add_channel(ledger, event_id, seat_ids, opens_in=timedelta(seconds=0.4))
    wishes = [
        replace(reserve_call(event_id, f"buyer-{n}", [seat_ids[n % 40]]), delay_seconds=0.008 * n) for n in range(100)
    ]

    answers = await engines.race(wishes)

    made = await ledger.connection.fetch(
        "SELECT r.created_at >= k.opens_to_all_at AS in_time, r.created_version > o.version AS after"
        " FROM reservations r, channels k, changes o WHERE o.kind = 'channel_opened'"
    )
    assert len(made) == by_code(answers)["done"] > 0
    assert all(row["in_time"] and row["after"] for row in made)
    assert await ledger.count("SELECT count(*) FROM changes WHERE kind = 'channel_opened'") == 1
    await assert_sound(ledger)


async def test_channels_come_and_go_while_their_seats_are_held_and_released(engines, ledger):
    event_id, seat_ids = await ledger.add_event(seats=30)
    await add_channel(ledger, event_id, seat_ids)
    await add_channel(ledger, event_id, key="press")
    with_code = [
        replace(reserve_call(event_id, f"fan-{n}", [seat_id]), channel="fans") for n, seat_id in enumerate(seat_ids)
    ]
    held = await engines.race(with_code[:15])

    endings = [resolve_call("cancel", held[n].reservation_id, f"fan-{n}") for n in range(15)]
    answers = await engines.race(
        [*endings[:8], channel_call("give_back", event_id, seat_ids[5:12]), *with_code[15:22]],
        [
            *endings[8:],
            channel_call("keep_back", event_id, seat_ids[10:20], channel="press"),
            channel_call("delete_channel", event_id),
            *with_code[22:],
        ],
    )

    assert set(by_code(answers)) <= {"done", "seats_unavailable", "channel_not_found"}
    assert await ledger.count("SELECT count(*) FROM channels") == 1
    assert await ledger.count("SELECT count(*) FROM channel_seats WHERE channel_key = 'fans'") == 0
    await assert_sound(ledger)
