"""Any calls in any order have the same results as in the model, and keep every promise."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from archiving import archive
from box_office import OnSale, an_event, assert_promises_hold, let_holds_run_out, open_engine
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.booking.extend import extend
from holdfast.application.booking.reserve import reserve
from holdfast.application.booking.resolve import submit
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Release
from holdfast.domain.catalogue.event import Confirmation
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.domain.refusal import Refusal
from model.channels import HOUR, ChannelRules, codes, keys, rarely, seat_sets, users
from model.hall import ACCESSIBLE, AREA, COMPANION, hall_on_sale
from model.sold_out import BoxOffice

limits = st.sampled_from([None, None, 1, 2, 4])
SALES = {
    "open": [{}, {"sale_opens_at": -HOUR}, {"sale_closes_at": HOUR}, {"sale_opens_at": -HOUR, "sale_closes_at": HOUR}],
    "sale_not_open": [{"sale_opens_at": HOUR}, {"sale_opens_at": HOUR, "sale_closes_at": 2 * HOUR}],
    "booking_closed": [{"sale_closes_at": -HOUR}, {"starts_in": -HOUR}, {"starts_in": -HOUR, "sale_closes_at": HOUR}],
}
"""For what somebody is told who comes now: times of the sale that lead to it, from now."""


def machine_on(database_url, redis_url, runner):  # noqa: C901 - one class, and each rule is short
    """Return the machine's class for these servers; the runner runs its coroutines."""

    class Machine(ChannelRules, RuleBasedStateMachine):
        made = Bundle("made")

        @initialize(limit=limits, kept_back=st.booleans())
        def open(self, limit, kept_back):
            self.database_url = database_url
            self.opened = open_engine(database_url, redis_url)
            self.engine = self.run(self.opened.__aenter__())
            self.sale: OnSale = self.run(
                hall_on_sale(database_url, self.engine, total_seats=12, max_seats_per_buyer=limit)
            )
            self.model = BoxOffice(seats=6, areas=AREA, companions={COMPANION: ACCESSIBLE}, limit=limit)
            self.ids: dict[tuple[str, str], UUID] = {}
            self.chart = list(self.sale.seats) + [UUID(int=number) for number in range(8)]
            self.batches_of_seats = 0
            self.addresses = itertools.count()
            if kept_back:
                self.put_channel("fans", "fans", None)
                self.keep_back("fans", frozenset({0, 3}))

        def teardown(self):
            self.run(assert_promises_hold(database_url))
            self.run(self.opened.__aexit__(None, None, None))

        def run(self, coroutine):
            return runner.run(coroutine)

        def answer(self, coroutine, told=lambda done: done.reservation.cancel_reason or done.reservation.status):
            try:
                return told(self.run(coroutine))
            except Refusal as refusal:
                return refusal.code

        def _reserve(self, user, key, seats, *, code=None, by_seller=False):
            def told(done):
                known = self.ids.setdefault((user, key), done.reservation.id)
                assert done.reservation.id == known, "a key made two reservations"
                return done.reservation.cancel_reason or done.reservation.status

            wish = {"seat_ids": self.ids_of(seats), "beyond_limit": by_seller, "uses_channels": by_seller}
            return self.answer(self._ask(user, key, code=code, **wish), told)

        def _ask(self, user, key, *, code=None, **wish):
            digest = None if code is None else digest_of(code)
            name = {"event_id": self.sale.event_id, "user_id": user, "idempotency_key": key}
            # From one address, too many wrong codes would be refused.
            address = f"192.0.2.{next(self.addresses)}"
            return reserve(self.engine.booking, **name, address=address, code_digest=digest, **wish)

        def ids_of(self, seats):
            return tuple(self.chart[seat] for seat in sorted(seats))

        @rule(target=made, user=users, key=keys, seats=seat_sets, code=codes, by_seller=rarely)
        def reserve(self, user, key, seats, code, by_seller):
            how = {"code": code, "by_seller": by_seller}
            assert self._reserve(user, key, seats, **how) == self.model.reserve(user, key, seats, **how)
            return user, key

        @rule(target=made, user=users, key=keys, count=st.integers(1, 5), code=codes)
        def reserve_best(self, user, key, count, code=None):
            seats = set()

            def told(done):
                known = self.ids.setdefault((user, key), done.reservation.id)
                assert done.reservation.id == known, "a key made two reservations"
                seats.update(map(self.chart.index, done.reservation.seat_ids))
                return done.reservation.cancel_reason or done.reservation.status

            answer = self.answer(self._ask(user, key, code=code, best=BestAvailable.wish(count=count)), told)
            assert answer == self.model.reserve_best(user, key, count, frozenset(seats), code=code)
            return user, key

        @rule(name=made)
        def replay(self, name):
            ticket = self.model.tickets.get(name)
            if ticket is not None and ticket.best is None:
                assert self._reserve(*name, ticket.first) == ticket.state
            elif ticket is not None:
                self.reserve_best(*name, ticket.best)

        @rule(name=made, verb=st.sampled_from(["confirm", "cancel"]), how=st.sampled_from([{}, {"by_seller": True}]))
        def resolve(self, name, verb, how):
            ticket = self.model.tickets.get(name)
            if ticket is not None:
                call, how = {"confirm": (confirm, how), "cancel": (cancel, {})}[verb]
                answer = self.answer(call(self.engine.booking, reservation_id=self.ids[name], user_id=name[0], **how))
                assert answer == getattr(self.model, verb)(ticket, **how)

        @rule(name=made, seats=seat_sets, by_seller=rarely)
        def change_seats(self, name, seats, by_seller):
            ticket = self.model.tickets.get(name)
            if ticket is not None:
                answer = self.answer(
                    change_seats(
                        self.engine.booking,
                        reservation_id=self.ids[name],
                        user_id=name[0],
                        seat_ids=self.ids_of(seats),
                        beyond_limit=by_seller,
                        uses_channels=by_seller,
                    )
                )
                assert answer == self.model.change_seats(ticket, seats, by_seller=by_seller)

        @rule(which=st.integers(0, 3), seats=seat_sets, by_seller=rarely)
        def change_a_live_hold(self, which, seats, by_seller):
            live = [name for name, ticket in self.model.tickets.items() if ticket.state == "pending"]
            if live:
                self.change_seats(live[which % len(live)], seats, by_seller)

        @rule(name=made)
        def extend(self, name):
            ticket = self.model.tickets.get(name)
            if ticket is not None:
                shown, _ = self.run(self.engine.views.reads.reservation(self.ids[name], name[0]))
                known = {"user_id": name[0], "known_expires_at": shown.expires_at}
                answer = self.answer(extend(self.engine.booking, reservation_id=self.ids[name], **known))
                assert answer == self.model.extend(ticket)

        @rule(name=made)
        def release(self, name):
            ticket = self.model.tickets.get(name)
            if ticket is not None:
                call = Release(self.ids[name])
                answer = self.answer(submit(self.engine.booking, self.sale.event_id, call))
                assert answer == self.model.release(ticket)

        @rule(name=made, other=users, verb=st.sampled_from([confirm, cancel]))
        def resolve_somebody_elses(self, name, other, verb):
            if name in self.ids and other != name[0]:
                answer = self.answer(verb(self.engine.booking, reservation_id=self.ids[name], user_id=other))
                assert answer == "reservation_not_found"

        @rule(names=st.lists(made, min_size=1, max_size=3), told=st.booleans())
        def run_out(self, names, told):
            known = [name for name in names if name in self.ids]
            if known:
                self.run(let_holds_run_out(database_url, *(self.ids[name] for name in known)))
                self.model.run_out([self.model.tickets[name] for name in known])
            if told:
                self.run(expire_overdue(self.engine.booking.batcher, self.sale.event_id))

        @rule(wishes=st.lists(st.tuples(users, keys, seat_sets), min_size=2, max_size=5, unique_by=lambda w: w[:2]))
        def a_crowd(self, wishes):
            """Send all at once: the responses must be those of some order of the wishes, of which there are many."""
            before = set(self.ids)
            sale = OnSale(self.sale.event_id, tuple(self.chart))

            async def ask():
                return await asyncio.gather(
                    *(sale.reserve(self.engine, *seats, user=user, key=key) for user, key, seats in wishes),
                    return_exceptions=True,
                )

            for (user, key, seats), answer in zip(wishes, self.run(ask()), strict=True):
                if not isinstance(answer, Exception):
                    self.ids.setdefault((user, key), answer.reservation.id)
                    if (user, key) not in before:
                        assert self.model.reserve(user, key, seats) == "pending"
            for user, key, seats in wishes:
                if (user, key) not in self.ids:
                    assert self.model.reserve(user, key, seats) != "pending", "a wish was refused without a reason"

        @rule(count=st.integers(1, 5))
        def add(self, count):
            self.batches_of_seats += 1
            new = numbered_seats(prefix=f"B{self.batches_of_seats}", count=count, price=700)

            def told(answer):
                start = self.model.seats
                self.chart[start : start + count] = [seat.id for seat in answer[0]]
                return "added"

            answer = self.answer(add_seats(self.engine.catalogue, self.sale.event_id, new), told)
            assert answer == self.model.add_seats(count)

        @rule(
            total=st.integers(3, 14),
            sale=st.sampled_from(["open", "open", "open", "sale_not_open", "booking_closed"]),
            limit=limits,
            confirmation=st.sampled_from(Confirmation),
            data=st.data(),
        )
        def edit(self, total, sale, limit, confirmation, data):
            now, times = datetime.now(UTC), dict(data.draw(st.sampled_from(SALES[sale])))
            starts_in = times.pop("starts_in", timedelta(days=1))
            details = an_event(
                starts_in=starts_in,
                total_seats=total,
                max_seats_per_buyer=limit,
                confirmation=confirmation,
                **{name: now + after for name, after in times.items()},
            )
            answer = self.answer(edit_event(self.engine.catalogue, self.sale.event_id, details), lambda _: "edited")
            by_seller = confirmation is Confirmation.SELLER
            assert answer == self.model.edit(total=total, sale=sale, limit=limit, seller_confirms=by_seller)

        @rule(sure=st.sampled_from([False, False, False, True]))
        def delete(self, sure):
            sold = any(ticket.state == "confirmed" for ticket in self.model.tickets.values())
            if sure or sold:  # what would end the run is rare, what is refused is frequent
                answer = self.answer(delete_event(self.engine.catalogue, self.sale.event_id), lambda _: "deleted")
                assert answer == self.model.delete()

        @rule(sure=rarely)
        def be_in_the_archive_for_a_while(self, sure):
            """Whatever is asked meanwhile is refused, and afterwards everything is as if nothing had happened."""
            if not sure:
                return
            self.run(expire_overdue(self.engine.booking.batcher, self.sale.event_id))
            for name, ticket in self.model.tickets.items():
                if ticket.state == "pending":
                    self.release(name)
            archived = self.run(archive(database_url, self.sale.event_id))
            gone = "event_not_found" if self.model.deleted else "event_archived"
            assert self.answer(self._ask("ann", "k1", seat_ids=self.ids_of({0}))) == gone
            details, no_seat = an_event(), numbered_seats(prefix="Z", count=1, price=1)
            assert self.answer(edit_event(self.engine.catalogue, self.sale.event_id, details)) == gone
            assert self.answer(add_seats(self.engine.catalogue, self.sale.event_id, no_seat)) == gone
            for (user, _), reservation_id in self.ids.items():
                hold = {"reservation_id": reservation_id, "user_id": user}
                for call in (confirm, cancel):
                    assert self.answer(call(self.engine.booking, **hold)) == "event_archived"
                assert self.answer(self.engine.views.reservation(reservation_id, [user])) == "event_archived"
            self.run(assert_promises_hold(database_url))
            self.run(archived.restore())

        @invariant()
        def the_seats_are_as_they_should_be(self):
            if not hasattr(self, "model"):
                return
            shown = self.run(self.engine.views.seat_maps.current(self.sale.event_id))
            if self.model.deleted:
                assert shown is None
            else:
                assert shown.seats == self.model.seats

        @rule(name=made)
        def read(self, name):
            ticket = self.model.tickets.get(name)
            if ticket is not None:
                shown, _ = self.run(self.engine.views.reads.reservation(self.ids[name], name[0]))
                assert (shown.cancel_reason or shown.status) == ticket.state

    return Machine


@pytest.mark.timeout(120)
@pytest.mark.slow
def test_holdfast_does_what_the_model_does(database_url, redis_url):
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            machine_on(database_url, redis_url, runner), settings=settings(max_examples=25, stateful_step_count=25)
        )
