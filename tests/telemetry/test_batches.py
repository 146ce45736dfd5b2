"""Metrics of batches and of commands in doubt."""

import asyncio

from prometheus_client import REGISTRY

from box_office import let_holds_run_out, open_engine, put_on_sale
from holdfast.application.booking.batching.queue import Ticket
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import Expire


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_command_is_counted_as_unknown_once_and_only_if_it_is():
    def ticket() -> Ticket:
        return Ticket(Expire(holds_max=1), asyncio.get_running_loop().create_future(), 0.0)

    before = _value("holdfast_unknown_outcomes_total")
    in_doubt, refused = ticket(), ticket()
    in_doubt.fail(Unavailable("away", outcome="unknown"))
    in_doubt.fail(Unavailable("away", outcome="unknown"))
    refused.fail(Unavailable("full", outcome="none"))
    assert _value("holdfast_unknown_outcomes_total") == before + 1
    assert isinstance(in_doubt.future.exception(), Unavailable)
    assert isinstance(refused.future.exception(), Unavailable)


async def test_holds_that_a_batch_ends_are_counted(database_url, redis_url):
    async with open_engine(database_url, redis_url) as engine:
        sale = await put_on_sale(engine, seats=2)
        await sale.reserve(engine, 0)
        await let_holds_run_out(database_url)
        before = _value("holdfast_holds_expired_total", by="batch")
        await sale.reserve(engine, 1)
        assert _value("holdfast_holds_expired_total", by="batch") == before + 1
