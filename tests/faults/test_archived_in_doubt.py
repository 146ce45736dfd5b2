"""An event is archived after a COMMIT whose answer is lost, and the next attempt cannot tell what became of it."""

import pytest

from archiving import archive
from box_office import an_event, assert_promises_hold, open_engine, outcome_of, put_on_sale
from faults.proxy import between
from holdfast.application.booking.cancel import cancel
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.domain.catalogue.refusals import EventArchived
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchTransaction
from holdfast.infrastructure.postgres.catalogue.catalogue_store import PostgresCatalogueTransaction


@pytest.fixture
async def proxy(database_url):
    async with between(database_url) as proxy:
        yield proxy
    assert proxy.cancel_requests == 0


@pytest.fixture
def archived_before_the_next_attempt(database_url, proxy, monkeypatch):
    """Lose the first COMMIT of an event, and archive it just before it is locked for the second time."""

    def set_up(transaction, name, event_id, side):
        faults = []
        lock = getattr(transaction, name)

        async def locking(self, *arguments, **named):
            if len(faults) == 1 and faults[0].met.is_set():
                await archive(database_url, event_id)
            locked = await lock(self, *arguments, **named)
            if not faults:
                faults.append(proxy.arm(side, "commit"))
            return locked

        monkeypatch.setattr(transaction, name, locking)
        return faults

    return set_up


async def test_a_command_is_not_told_that_it_was_refused(database_url, proxy, archived_before_the_next_attempt):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        held = (await sale.reserve(engine, 0)).reservation
        faults = archived_before_the_next_attempt(PostgresBatchTransaction, "lock", sale.event_id, "reply")
        again = cancel(engine.booking, reservation_id=held.id, user_id="ann")
        assert await outcome_of(again) == "unknown"
        assert faults[0].met.is_set()
    await assert_promises_hold(database_url)


@pytest.mark.parametrize("side", ["request", "reply"])
async def test_a_command_that_stored_nothing_is_refused(database_url, proxy, archived_before_the_next_attempt, side):
    """The event's version shows it."""
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        held = (await sale.reserve(engine, 0)).reservation
        await cancel(engine.booking, reservation_id=held.id, user_id="ann")
        archived_before_the_next_attempt(PostgresBatchTransaction, "lock", sale.event_id, side)
        with pytest.raises(EventArchived):
            await cancel(engine.booking, reservation_id=held.id, user_id="ann")
    await assert_promises_hold(database_url)


async def test_an_edit_is_not_told_that_it_was_refused(database_url, proxy, archived_before_the_next_attempt):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        faults = archived_before_the_next_attempt(PostgresCatalogueTransaction, "lock_event", sale.event_id, "reply")
        assert await outcome_of(edit_event(engine.catalogue, sale.event_id, an_event(name="Another"))) == "unknown"
        assert faults[0].met.is_set()
    await assert_promises_hold(database_url)
