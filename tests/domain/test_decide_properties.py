"""Properties of `decide()` for any commands in any order."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.rows import HOLD, NOON, SEATS, Rows, best, wish
from holdfast.domain.booking.choosing.wish import Together
from holdfast.domain.booking.commands import (
    Cancel,
    ChangeSeats,
    Confirm,
    Done,
    Expire,
    Expired,
    Extend,
    Refused,
    Release,
    Reserve,
)
from holdfast.domain.booking.decide import decide, foresee
from holdfast.domain.catalogue.refusals import EventArchived

USERS = ("ann", "bob", "cy")

seat_lists = st.lists(st.sampled_from([*SEATS, UUID(int=999)]), min_size=1, max_size=3, unique=True)


new_numbers = st.integers(10**6, 10**9)


@st.composite
def reserves(draw, numbers=new_numbers):
    number, user, key = draw(numbers), draw(st.sampled_from(USERS)), f"key-{draw(st.integers(0, 3))}"
    if draw(st.integers(0, 3)) == 0:
        return best(number, draw(st.integers(1, 4)), user, key, together=draw(st.sampled_from(Together)))
    return wish(number, user, key, draw(seat_lists))


KINDS = ("reserve", "reserve", "confirm", "cancel", "again", "expire", "extend", "change", "change", "release")


@st.composite
def about(draw, kind, one, change_id, now):
    """Draw a command about the reservation that a wish may have made. No other may have the same `change_id`."""
    user = draw(st.sampled_from([one.user_id, one.user_id, "ann"]))
    match kind:
        case "extend":
            known = now + draw(st.sampled_from([-HOLD, timedelta(), timedelta(seconds=1), HOLD / 3, HOLD]))
            return Extend(change_id, one.reservation_id, user, known)
        case "change":
            return ChangeSeats(change_id, one.reservation_id, user, tuple(draw(seat_lists)))
        case "release":
            return Release(one.reservation_id)
        case _:
            return {"confirm": Confirm, "cancel": Cancel}[kind](one.reservation_id, user)


@st.composite
def batches(draw):
    """Draw several batches and the seconds between them; ids to resolve are indices of earlier commands."""
    asked: list[Reserve] = []
    made = []
    passed, changes = timedelta(), 0
    for _ in range(draw(st.integers(1, 6))):
        batch = []
        pause = timedelta(seconds=draw(st.sampled_from([0, 1, 300, HOLD.seconds])))
        for _ in range(draw(st.integers(1, 6))):
            kind = draw(st.sampled_from(KINDS))
            if kind == "expire":
                batch.append(Expire(draw(st.integers(1, 3))))
            elif kind == "reserve" or not asked:
                batch.append(draw(reserves(numbers=st.just(1_000 + len(asked)))))
                asked.append(batch[-1])
            elif kind == "again":
                batch.append(draw(st.sampled_from(asked)))
            else:
                changes += 1
                one, change_id = draw(st.sampled_from(asked)), UUID(int=10**6 + changes)
                batch.append(draw(about(kind, one, change_id, NOON + passed)))
        passed += pause
        made.append((batch, pause))
    return made


def written(history) -> tuple[Rows, object]:
    rows, now = Rows(), NOON
    for batch, pause in history:
        now += pause
        rows.write(batch, now)
    return rows, now


@given(batches())
def test_every_promise_holds_after_every_batch(history):
    """No seat has two owners, counters count, versions are dense, and no row changes twice in one batch."""
    rows, now = Rows(), NOON
    for batch, pause in history:
        now += pause
        version = rows.event.version
        decision = rows.write(batch, now)
        rows.check()
        assert len(decision.outcomes) == len(batch)
        entries = len(decision.changes.log) if decision.changes else 0
        assert rows.event.version == version + entries
        for outcome in decision.outcomes:
            told = outcome.refusal.version if isinstance(outcome, Refused) else outcome.version
            assert told is None or told <= rows.event.version


def has_changed_nothing(command, rows):
    """Whether a change of a hold is not in the log. Decided again, it may come out otherwise."""
    logged = {entry.detail for entry in rows.log}
    return isinstance(command, Extend | ChangeSeats) and str(command.change_id) not in logged


@given(batches())
def test_a_batch_submitted_again_stands_by_what_it_has_done(history):
    """After a COMMIT whose response was lost. What changed nothing, and was never answered, may come out otherwise."""
    *before, (batch, pause) = history
    rows, now = written(before)
    first = rows.write(batch, now + pause)
    again = rows.write(batch, now + pause)
    rows.check()
    idle = [has_changed_nothing(command, rows) for command in batch]
    for one, other, changed_nothing in zip(first.outcomes, again.outcomes, idle, strict=True):
        if isinstance(one, Done) and not changed_nothing:
            assert isinstance(other, Done)
            assert (one.reservation.id, one.replayed) == (other.reservation.id, other.replayed)
    if not any(isinstance(outcome, Refused) for outcome in first.outcomes) and not any(idle):
        assert again.changes is None


@given(batches(), reserves())
def test_only_a_new_reservation_leaves_a_trace(history, last):
    rows, now = written(history)
    rows.write([Expire(64)], now)
    decision = rows.decide([last], now)
    (outcome,) = decision.outcomes
    assert (decision.changes is not None) == (isinstance(outcome, Done) and not outcome.replayed)


def _parties(command, rows):
    """Everything that a command reads or writes."""
    if isinstance(command, Reserve):
        seats = command.seat_ids if command.best is None else SEATS
        return {(command.user_id, command.idempotency_key), command.reservation_id, *seats}
    known = rows.reservations.get(command.reservation_id)
    return {command.reservation_id, *(known.seat_ids if known else ())}


def _without_version(outcome):
    if isinstance(outcome, Refused):
        return type(outcome.refusal), outcome.refusal.data
    return outcome.reservation.id, outcome.reservation.status, outcome.replayed


@given(batches(), st.data())
def test_unrelated_commands_commute(history, data):
    rows, now = written(history)
    rows.write([Expire(64)], now)
    command = st.one_of(
        reserves(),
        st.builds(
            lambda verb, number, user: verb(UUID(int=number), user),
            st.sampled_from([Confirm, Cancel]),
            st.integers(1_000, 1_010),
            st.sampled_from(USERS),
        ),
    )
    one, other = data.draw(command), data.draw(command)
    assume(not _parties(one, rows) & _parties(other, rows))
    forth, back = rows.decide([one, other], now), rows.decide([other, one], now)
    assert [_without_version(outcome) for outcome in forth.outcomes] == [
        _without_version(outcome) for outcome in back.outcomes[::-1]
    ]


@given(batches())
def test_a_batch_is_as_good_as_its_commands_one_by_one(history):
    """Batching changes only the number of transactions; the versions are the same too."""
    together, now = Rows(), NOON
    alone = Rows()
    for batch, pause in history:
        now += pause
        outcomes = together.write(batch, now).outcomes
        for place, command in enumerate(batch):
            single = alone.write([command], now).outcomes[0]
            if not isinstance(single, Expired):
                assert _without_version(outcomes[place]) == _without_version(single)
    assert (together.event, together.claims, together.log) == (alone.event, alone.claims, alone.log)
    assert together.reservations == alone.reservations


@given(batches())
def test_an_archived_event_refuses_whatever_is_asked_of_it(history):
    """Replays too, and holds that have run out stay as they are: the rows are as the archive left them."""
    *before, (batch, pause) = history
    rows, now = written(before)
    rows.event = replace(rows.event, archived=True)
    decision = rows.decide(batch, now + pause)
    assert [type(outcome.refusal) for outcome in decision.outcomes] == [EventArchived] * len(batch)
    assert decision.changes is None
    wishes = [command for command in batch if isinstance(command, Reserve)]
    seen = foresee(rows.snapshot(wishes, now + pause), wishes, now + pause)
    assert [type(one) for one in seen] == [EventArchived] * len(wishes)


@given(batches())
def test_an_event_that_was_restored_decides_as_if_it_had_never_been_archived(history):
    kept, restored, now = Rows(), Rows(), NOON
    for batch, pause in history:
        now += pause
        restored.event = replace(restored.event, archived=True)
        restored.write(batch, now)
        restored.event = replace(restored.event, archived=False)
        assert kept.write(batch, now).changes == restored.write(batch, now).changes
    assert kept == restored


@given(batches())
def test_a_decision_does_not_touch_what_it_is_given(history):
    *before, (batch, pause) = history
    rows, now = written(before)
    snapshot = rows.snapshot(batch, now + pause)
    claims, reservations = dict(snapshot.claims), dict(snapshot.reservations)
    one, other = (decide(snapshot, batch, now + pause, hold=HOLD) for _ in range(2))
    assert one.changes == other.changes
    assert (snapshot.claims, snapshot.reservations) == (claims, reservations)
