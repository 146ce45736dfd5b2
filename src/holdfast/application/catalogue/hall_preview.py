"""The layout of a hall that is not stored, so that its organiser sees it as buyers would."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from holdfast.application.catalogue.hall_seats import HallSeats
from holdfast.application.giving_way import give_way
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.layout import ChartSeats, LayoutMaker


async def preview_of(hall: Hall, categories: Sequence[CategoryDetails]) -> tuple[bytes, int]:
    """Return the layout of a hall as JSON, and how many seats it has. The seats' ids are those of no event.

    Raises:
        InvalidValue: naming the place in the document.
    """
    seats = await HallSeats.of(hall)
    maker = await asyncio.to_thread(LayoutMaker, hall, categories)
    number, id_of = 0, {}
    for one in seats.slices:
        ids = [UUID(int=number + place + 1) for place in range(len(one))]
        number += len(one)
        id_of.update(
            {one.seat_numbers[place]: ids[place] for place, accessible in enumerate(one.accessible) if accessible}
        )
        maker.add(
            ChartSeats(
                ids=ids,
                seat_numbers=one.seat_numbers,
                sections=one.sections,
                section_keys=one.section_keys,
                rows=one.rows,
                categories=one.categories,
                xs=one.xs,
                ys=one.ys,
                areas=one.areas,
                accessible=one.accessible,
                companions_of=[None if named is None else id_of.get(named) for named in one.companions_of],
                restricted_views=one.restricted_views,
            )
        )
        await give_way()
    return await asyncio.to_thread(maker.finish), seats.count
