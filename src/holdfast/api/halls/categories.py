"""Price categories over HTTP."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from holdfast.api import examples
from holdfast.api.fields import LEGIBLE, Price
from holdfast.api.identity.admission import actor_of
from holdfast.api.paging import BASE
from holdfast.api.representation import body_tag, represent
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.categories import (
    CATEGORIES_MAX,
    CATEGORY_KEY,
    CATEGORY_NAME_MAX,
    COLOR,
    Category,
    CategoryDetails,
)
from holdfast.domain.catalogue.refusals import CategoryInUse, EventArchived, EventNotFound, UpgradeUnfinished
from holdfast.http.endpoints.answer import Answer, event_version
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

BODY_BYTES = 64 * 1024
"""Fifty categories take 40 KB, with every character escaped."""


# The patterns are only shown here. The domain checks them, and says what is wrong in words.
class CategoryBody(Struct, kw_only=True):
    """A price category. Seats that have it, and no price of their own, cost its price when they are held."""

    key: Annotated[str, Meta(extra_json_schema={"pattern": CATEGORY_KEY})]
    name: Annotated[str, Meta(min_length=1, max_length=CATEGORY_NAME_MAX, description=LEGIBLE)]
    color: Annotated[str, Meta(extra_json_schema={"pattern": COLOR})]
    price: Price


Categories = Annotated[list[CategoryBody], Meta(min_length=1, max_length=CATEGORIES_MAX)]

_decoder: StrictDecoder[list[CategoryBody]] = StrictDecoder(Categories)
_encode = msgspec.json.Encoder().encode


async def put(catalogue: Catalogue, call: Call) -> Answer:
    """PUT /events/{id}/categories."""
    event_id = call.path_id("id")
    given = await _decoder.read(await call.body(BODY_BYTES))
    wanted = [CategoryDetails(one.key, one.name, one.color, one.price) for one in given]
    stored, version = await put_categories(catalogue, event_id, wanted, actor=actor_of(call))
    return Answer(200, _encoded(stored), (event_version(version),))


async def find_all(views: Views, call: Call) -> Answer:
    """GET /events/{id}/categories."""
    event_id = call.path_id("id")
    found = await views.halls.categories(event_id)
    if found is None:
        raise EventNotFound(event_id)
    categories, version = found
    body = _encoded(categories)
    return await represent(call, body, tag=body_tag("categories", body), version=version)


def _encoded(categories: list[Category]) -> bytes:
    return _encode([CategoryBody(key=one.key, name=one.name, color=one.color, price=one.price) for one in categories])


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{id}}/categories",
        name="list_categories",
        tag="halls",
        summary="List an event's price categories",
        needs=Views,
        handler=find_all,
        success=Success(
            status=200,
            description="The categories, in their order.",
            body=list[CategoryBody],
            event_version=True,
            tagged=True,
            example=examples.CATEGORIES,
        ),
        refusals=(EventNotFound,),
    ),
    Operation(
        method="PUT",
        path=f"{BASE}/events/{{id}}/categories",
        name="put_categories",
        tag="halls",
        summary="Replace an event's price categories",
        description=(
            "Seats that are held from then on cost the new prices; what was agreed before stays. A category that seats "
            "have cannot be left out."
        ),
        needs=Catalogue,
        handler=put,
        request=(Categories,),
        request_examples={"two categories": examples.CATEGORIES},
        success=Success(
            status=200,
            description="The categories, in their order.",
            body=list[CategoryBody],
            event_version=True,
            example=examples.CATEGORIES,
        ),
        refusals=(EventNotFound, EventArchived, CategoryInUse, UpgradeUnfinished),
    ),
)
