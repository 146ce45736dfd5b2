"""How the maps of hot events keep a seat's JSON: what never changes apart from what does."""

from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from holdfast.domain.seat import Seat
from holdfast.domain.states import SeatStatus

_encoder = msgspec.json.Encoder()


class _Head(Struct):
    id: UUID
    event_id: UUID
    seat_number: str
    section: str | UnsetType
    row: str | UnsetType
    price: int


class ContractSeatJson:
    """`application.reading.seat_map.SeatJson` in the contract's words; the same fields as `bodies.SeatBody`."""

    def head(self, seat: Seat) -> bytes:
        """Write all but the status and the holder, up to the comma."""
        head = _Head(
            seat.id,
            seat.event_id,
            seat.seat_number,
            UNSET if seat.section is None else seat.section,
            UNSET if seat.row is None else seat.row,
            seat.price,
        )
        return _encoder.encode(head)[:-1] + b","

    def tail(self, status: SeatStatus, reserved_by: UUID | None) -> bytes:
        """Write the status and the holder."""
        if reserved_by is None:
            return b'"status":"available"}'
        return f'"status":"{status.value}","reserved_by":"{reserved_by}"}}'.encode()
