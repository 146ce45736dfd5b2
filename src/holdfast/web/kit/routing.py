"""Lets a page work with the database of what it is about, where there are several."""

import re

from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.routing import Routing, answered_where, id_in, missing_header
from holdfast.web.kit.page import Handler, Page
from holdfast.web.kit.visit import Visit

_ABOUT = re.compile(r"\{(event_id|reservation_id|seat_id)\}")


def in_its_cell(page: Page, handler: Handler) -> Handler:
    """Return a handler that finds the cell of the event or the reservation in a page's path.

    What is not found there is looked for in cell 0, as in `http.endpoints.routing`. A page that shows what is in all
    cells says if some are missing.
    """
    found = _ABOUT.search(page.path)
    parameter = None if found is None else found[1]

    async def handled(visit: Visit) -> Answer:
        routing = visit.site.routing
        if routing is None:
            return await handler(visit)
        if parameter is not None:
            return await _about(visit, handler, visit.call.path_text(parameter), routing)
        if not page.lists_all:
            return await handler(visit)
        since = visit.listing_since = routing.started()
        answer = await handler(visit)
        answer.headers += missing_header(routing, since)
        return answer

    return handled


async def _about(visit: Visit, handler: Handler, text: str, routing: Routing) -> Answer:
    thing_id = id_in(text)
    if thing_id is None:
        return await handler(visit)  # which refuses it

    async def at(number: int) -> Answer:
        await visit.close()  # the form that was read for another cell
        visit.capabilities = {**visit.site.capabilities, **routing.at(number)}
        return await handler(visit)

    return await answered_where(thing_id, visit.call, routing, at)
