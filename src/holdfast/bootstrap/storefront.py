"""Builds what buyers' pages read."""

import time
from collections.abc import Callable

from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.reading.storefront.listing import Listing
from holdfast.application.reading.storefront.ports import StorefrontReads
from holdfast.application.reading.storefront.seat_books import SeatBooks
from holdfast.application.reading.storefront.storefront import HoldTerms, Storefront
from holdfast.application.reading.views import Views
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.reading.storefront import PostgresStorefrontReads
from holdfast.settings import Settings


def open_storefront(
    settings: Settings, pool: Pool, seat_maps: SeatMaps, layouts: KeptLayouts, *, pause_seconds: Callable[[], float]
) -> Storefront:
    """Return the storefront of one process. Nothing of it has to be closed."""
    return _storefront(settings, PostgresStorefrontReads(pool), seat_maps, layouts, pause_seconds=pause_seconds)


def open_merged_storefront(
    settings: Settings, reads: StorefrontReads, home: Views, *, pause_seconds: Callable[[], float]
) -> Storefront:
    """Return the storefront that lists what is in all cells. It is asked for no hall, which is in one of them."""
    return _storefront(settings, reads, home.seat_maps, home.kept_layouts, pause_seconds=pause_seconds)


def _storefront(
    settings: Settings,
    reads: StorefrontReads,
    seat_maps: SeatMaps,
    layouts: KeptLayouts,
    *,
    pause_seconds: Callable[[], float],
) -> Storefront:
    return Storefront(
        reads,
        Listing(reads, clock=time.monotonic, pause_seconds=pause_seconds),
        SeatBooks(reads, layouts, clock=time.monotonic),
        seat_maps,
        HoldTerms(settings.hold_seconds, settings.hold_extensions_max),
        pause_seconds=pause_seconds,
    )
