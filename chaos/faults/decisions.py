"""Races with exactly one correct result: one seat, one key, confirm against cancel, edits and deletions."""

import asyncio
from datetime import UTC, datetime, timedelta

from chaos.buyers.caller import Caller
from chaos.buyers.client import BASE, Wish
from chaos.buyers.load import Habits, Load
from chaos.buyers.sale import Sale
from chaos.faults.database import execute
from chaos.trial import Trial, fault
from holdfast.bench.clients.raw import Answer

_CALM = Habits(pause_seconds=0.05)


@fault(
    "one-seat-storm",
    "decisions",
    injection="300 buyers want the same seat at the same instant on three nodes; ten seats, one after another",
    expected="one 201 and 299 times 409 for each seat, no 5xx",
    invariants="no seat sold twice",
    quick=True,
)
async def _one_seat_storm(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets, buyers=4, habits=_CALM) as load:
        clients = [load.client() for _ in range(300)]
        for seat in load.sale.seats[-10:]:
            wishes = [load.wish(f"stormer-{number}", (seat,)) for number in range(len(clients))]
            seen = await asyncio.gather(*(client.reserve(wish) for client, wish in zip(clients, wishes, strict=True)))
            load.wishes.extend(wishes[:3])
            won = sum(one.answer == "created" for one in seen)
            # One of the few other buyers may have been faster.
            trial.expect(won <= 1, f"at most one of 300 gets the seat ({won})")
        for client in clients:
            client.close()
        trial.expect_no_failure(load)


@fault(
    "confirm-against-cancel",
    "decisions",
    injection="confirm and cancel of the same hold at the same instant on two nodes, 150 times, each asked twice",
    expected="one wins and the other is told so: 200 with 409; a repetition answers as the first did",
    invariants="legal transitions",
)
async def _confirm_against_cancel(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets, buyers=4, habits=_CALM) as load:
        for start in range(0, 150, 15):
            await asyncio.gather(*(_confirm_and_cancel(trial, load, start + number) for number in range(15)))
        trial.expect_no_failure(load)


async def _confirm_and_cancel(trial: Trial, load: Load, number: int) -> None:
    first, second = load.client(), load.client()
    wish = load.wish(f"wavering-{number}", (load.sale.seats[60 + number],))
    held = await first.reserve(wish)
    if held.answer == "created":
        asked = (wish.event, wish.user, held.reservation)
        pair = await asyncio.gather(first.resolve("confirm", *asked), second.resolve("cancel", *asked))
        again = await asyncio.gather(first.resolve("confirm", *asked), second.resolve("cancel", *asked))
        outcomes = sorted(one.outcome for one in pair)
        trial.expect(outcomes == ["fail", "ok"], f"exactly one of the two wins ({outcomes})")
        trial.expect([one.outcome for one in again] == [one.outcome for one in pair], "a repetition says the same")
    first.close()
    second.close()


@fault(
    "same-key-on-two-nodes",
    "decisions",
    injection="the same wish with the same key at the same instant on all nodes, and then with other seats; 100 keys",
    expected="one reservation, 201 on every node with the same id; with other seats 422",
    invariants="one effect per key",
    quick=True,
)
async def _same_key_on_two_nodes(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets, buyers=4, habits=_CALM) as load:
        # Seats of a separate event: another buyer who held one for a moment would justify a refusal.
        sale = await trial.sale(200)
        for start in range(0, 100, 10):
            await asyncio.gather(*(_same_key(trial, load, sale, start + number) for number in range(10)))
        trial.expect_no_failure(load)


async def _same_key(trial: Trial, load: Load, sale: Sale, number: int) -> None:
    clients = [load.client() for _ in range(4)]
    wish = load.wish_of(sale, f"twice-{number}", (sale.seats[2 * number], sale.seats[2 * number + 1]))
    turned = Wish(wish.event, wish.user, wish.key, wish.seats[::-1])
    seen = await asyncio.gather(*(client.reserve(one) for client, one in zip(clients, [wish, turned] * 2, strict=True)))
    if any(one.outcome == "ok" for one in seen):
        trial.expect(len({one.reservation for one in seen}) == 1, "every answer names the same reservation")
        trial.expect(sum(one.answer == "created" for one in seen) == 1, "one answer says that it is new")
        other = await clients[0].reserve(Wish(wish.event, wish.user, wish.key, wish.seats[:1]))
        trial.expect(other.answer == "idempotency_key_reused", f"other seats are refused ({other.answer})")
    for client in clients:
        client.close()


@fault(
    "opposing-wishes",
    "decisions",
    injection="wishes of 20 seats out of 40 in opposite orders, from 24 buyers on three nodes, for 3 s",
    expected="all or nothing, and no deadlock: 201 or 409",
    invariants="no seat sold twice, claims are reservations",
)
async def _opposing_wishes(trial: Trial) -> None:
    habits = Habits(hot_seats=40, seats_max=20, confirms=0.0, leaves=0.0)
    async with trial.load(trial.site.node_targets, seats=40, buyers=24, habits=habits) as load:
        await asyncio.sleep(3.0)
        trial.expect_no_failure(load)


async def _with_own_event(trial: Trial, load: Load, verb: str, habits: Habits) -> None:
    """Edit or delete a second event while buyers compete for its seats, and check what happened to its holds."""
    sale = await trial.sale(30)
    own = Load(load.targets, [sale], load.recorder, load.random, habits, load.tally, load.numbers)
    buyers = [asyncio.create_task(own.live(100 + number)) for number in range(8)]
    await asyncio.sleep(0.7)
    async with Caller(load.targets[0]) as caller:
        await (_edit(trial, caller, sale.event) if verb == "edit" else _delete(trial, caller, sale.event))
    own.stopping.set()
    await asyncio.gather(*buyers)
    load.unsettled += own.unsettled


async def _edit(trial: Trial, caller: Caller, event: str) -> None:
    path = f"{BASE}/events/{event}"
    details = (await caller.call("GET", path)).json()
    for number in range(20):
        total = 10 if number % 4 == 3 else 30 + number
        answer = await caller.call("PUT", path, {**details, "name": f"Edited {number}", "total_seats": total})
        wanted = 409 if total == 10 else 200
        trial.expect(answer.status == wanted, f"total_seats {total}: {wanted} ({answer.status} {answer.body[:80]!r})")
        await asyncio.sleep(0.05)
    closed = {**details, "start_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    trial.expect((await caller.call("PUT", path, closed)).status == 200, "booking is closed under load")
    await asyncio.sleep(0.5)


async def _delete(trial: Trial, caller: Caller, event: str) -> None:
    path = f"{BASE}/events/{event}"

    async def gone() -> Answer:
        return await caller.call("GET", path)

    answer = await caller.call("DELETE", path)
    trial.expect(answer.status == 204, f"the event is deleted ({answer.status} {answer.body[:120]!r})")
    trial.expect((await gone()).status == 404, "it is gone")
    await asyncio.sleep(0.5)


@fault(
    "event-edited-under-load",
    "decisions",
    injection="an event's name and total_seats are changed 20 times, also below its seats, and booking is closed",
    expected="200, or 409 `seats_exceed_total`; buyers are told `booking_closed` from then on",
    invariants="counters count, versions without gaps",
)
async def _event_edited(trial: Trial) -> None:
    async with trial.load(buyers=4) as load:
        await _with_own_event(trial, load, "edit", Habits(hot_seats=30))
        trial.expect(load.tally.answers["booking_closed"] > 0, "buyers are told that booking is closed")
        trial.expect_no_failure(load)


@fault(
    "event-deleted-under-load",
    "decisions",
    injection="an event is deleted while 8 buyers hold and give back its seats",
    expected="204; holds are cancelled as `event_deleted`; buyers get 404 and 409 from then on",
    invariants="deleted events are empty",
)
async def _event_deleted(trial: Trial) -> None:
    async with trial.load(buyers=4) as load:
        # An event with a sold seat cannot be deleted.
        await _with_own_event(trial, load, "delete", Habits(hot_seats=30, confirms=0.0, meddles=0.0))
        trial.expect(load.tally.answers["event_not_found"] > 0, "buyers are told that it is gone")
        trial.expect_no_failure(load)


_POISON = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FILTER (WHERE user_id LIKE 'poisonous-%') > 0 AND count(*) > 1 FROM made) THEN
        RAISE EXCEPTION 'poisoned' USING ERRCODE = 'P0001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER poison AFTER INSERT ON reservations REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION poison()"""


@fault(
    "poison-in-a-full-batch",
    "decisions",
    injection="the database raises an unexpected error for every batch in which a poisonous command has company",
    expected="the batch is run again one by one: every command, the poisonous ones too, gets its own answer",
    invariants="all",
)
async def _poison_in_a_batch(trial: Trial) -> None:
    url = trial.site.postgres.url
    target = [trial.site.nodes[0].address]
    async with trial.load(target, seats=600, buyers=4) as load:
        await execute(url, _POISON)
        try:
            for number in range(10):
                await _poisoned_batch(trial, load, number)
        finally:
            await execute(url, "DROP TRIGGER poison ON reservations; DROP FUNCTION poison()")
        trial.expect_no_failure(load)


async def _poisoned_batch(trial: Trial, load: Load, number: int) -> None:
    clients = [load.client() for _ in range(40)]
    seats = load.sale.seats[100 + 40 * number : 140 + 40 * number]
    names = [f"{'poisonous' if place == 20 else 'harmless'}-{number}-{place}" for place in range(40)]
    seen = await asyncio.gather(
        *(client.reserve(load.wish(name, (seat,))) for client, name, seat in zip(clients, names, seats, strict=True))
    )
    answered = sum(one.outcome in ("ok", "fail") for one in seen)
    trial.expect(answered == 40, f"all 40 are answered ({answered})")
    for client in clients:
        client.close()
