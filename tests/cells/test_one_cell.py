"""An installation with one database pays nothing for cells."""

import pytest

from box_office import open_engine
from holdfast.api.operations import OPERATIONS
from holdfast.application.catalogue.placing import Placing
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.bootstrap.cells import CellRouting, open_node
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.routing import handler_of
from holdfast.settings import Settings

OF_EVENTS = ("events", "seats", "reservations")


async def test_nothing_stands_between_an_endpoint_and_its_handlers(database_url):
    settings = Settings(database_url=database_url)
    async with open_node(settings, process="test", deadline=Deadline(1.0), processes_in_use=lambda: 1) as node:
        assert (len(node.engines), node.routing, node.identity_reads) == (1, None, None)
        for operation in OPERATIONS:
            assert handler_of(operation, operation.path, None) is operation.handler


async def test_with_several_cells_every_operation_on_an_event_is_routed(database_url):
    async with open_engine(database_url) as engine:
        kinds = frozenset(engine.by_type())

    class Routing:
        def __init__(self) -> None:
            self.kinds = kinds
            self.misses = CellRouting.misses

    left = {
        operation.name
        for operation in OPERATIONS
        if operation.path.split("/")[3:4] and operation.path.split("/")[3] in OF_EVENTS
        if handler_of(operation, operation.path, Routing()) is operation.handler
    }
    assert left == {"create_event"}, "it chooses its cell itself"


async def test_there_is_one_place_for_a_new_event(database_url):
    async with open_engine(database_url) as engine:
        placing = engine.by_type()[Placing]
        assert await placing.suggest() is None
        for asked in (None, 0):
            assert await placing.catalogue(asked, seats=1) is engine.catalogue
        assert await placing.suggested(7, seats=1) is engine.catalogue
        with pytest.raises(InvalidValue, match="only one cell"):
            await placing.catalogue(1, seats=1)
