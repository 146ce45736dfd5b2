"""What places a page of a merged list: some keys of the lists of one cell."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from holdfast.application.cells.merging import Stride

Key: TypeAlias = tuple[datetime, UUID]
"""When an entry was created, and its id. All lists that are merged are sorted by these, the greatest first."""


class ListKeys(Protocol):
    """Tells keys of the lists that `Reads` and `StorefrontReads` have, each with one statement."""

    async def events(self, stride: Stride, *, drafts_of: AbstractSet[UUID] | None) -> Sequence[Key]:
        """Tell keys of `Reads.events`."""
        ...

    async def events_of(self, stride: Stride, organiser_ids: AbstractSet[UUID]) -> Sequence[Key]:
        """Tell keys of `Reads.events_of`."""
        ...

    async def reservations(self, stride: Stride, user_id: str) -> Sequence[Key]:
        """Tell keys of `Reads.reservations`."""
        ...

    async def reservations_at(self, stride: Stride, organiser_ids: AbstractSet[UUID], user_id: str) -> Sequence[Key]:
        """Tell keys of `Reads.reservations_at`."""
        ...

    async def booked(self, stride: Stride, user_ids: Sequence[str]) -> Sequence[Key]:
        """Tell keys of `StorefrontReads.booked`."""
        ...
