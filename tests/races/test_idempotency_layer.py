"""The layers of the idempotency key: the look-up and the UNIQUE, each alone, and neither."""

import pytest

from holdfast.application.booking.batching.write import Progress, write_batch
from holdfast.application.failures import GuardMismatch
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Cancel, Done, Reserve
from races.layers import HOLD, Layers, storm, weakened_store

CALLERS = 12

STANDING = {
    "look-up and UNIQUE": (Layers(event_lock=True), 1),
    "only the look-up": (Layers(event_lock=True, key_unique=False), 1),
    "only the UNIQUE": (Layers(event_lock=True, key_lookup=False), 1),
    "neither": (Layers(event_lock=True, key_lookup=False, key_unique=False), None),
}
CASES = pytest.mark.parametrize(("layers", "expected"), STANDING.values(), ids=STANDING.keys())


def _wish(event_id, seat_ids):
    return Reserve.wish(
        reservation_id=uuid7(),
        event_id=event_id,
        user_id="impatient",
        idempotency_key="k",
        seat_ids=tuple(seat_ids),
    )


async def _write(store, event_id, command):
    written = await write_batch(store, event_id, [command], hold=HOLD, overdue_max=64, progress=Progress())
    return written.outcomes[0]


@CASES
async def test_a_retry_after_the_seats_were_given_back_makes_no_second_reservation(
    database_url, ledger, monkeypatch, layers, expected
):
    event_id, seat_ids = await ledger.add_event(seats=2)
    async with weakened_store(database_url, layers, connections=2, monkeypatch=monkeypatch) as store:
        first = await _write(store, event_id, _wish(event_id, seat_ids))
        assert isinstance(first, Done)
        await _write(store, event_id, Cancel(first.reservation.id, "impatient"))
        if layers.key_lookup or not layers.key_unique:
            again = await _write(store, event_id, _wish(event_id, seat_ids))
            assert isinstance(again, Done)
            assert again.replayed == layers.key_lookup
        else:
            with pytest.raises(GuardMismatch, match="reservations_idempotency_key"):
                await _write(store, event_id, _wish(event_id, seat_ids))

    assert await ledger.count("SELECT count(*) FROM reservations") == (expected or 2)


@CASES
@pytest.mark.slow
async def test_a_key_at_once_for_many_free_seats_makes_one_reservation(
    database_url, ledger, monkeypatch, layers, expected
):
    event_id, seat_ids = await ledger.add_event(seats=CALLERS)
    monkeypatch.setattr("races.layers.ATTEMPTS_MAX", 2)  # with only the UNIQUE every attempt fails alike
    async with weakened_store(database_url, layers, connections=CALLERS, monkeypatch=monkeypatch) as store:
        await storm(store, event_id, [_wish(event_id, [seat_id]) for seat_id in seat_ids], ledger=ledger)

    assert await ledger.count("SELECT count(*) FROM reservations") == (expected or CALLERS)
