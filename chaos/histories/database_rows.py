"""The contents of the database at the end of a run: log, reservations and claims, as plain rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import msgspec

from chaos.histories.history import FOREVER, held, sold

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="change"):
    """One entry of an event's log; `at_us` is PostgreSQL's time when it was decided (µs since 1970)."""

    event: str
    version: int
    kind: str
    reservation: str
    seats: tuple[str, ...]
    at_us: int
    freed: tuple[str, ...] = ()
    """Of `seats_changed`: the seats that the hold gave up in the same step."""
    detail: str = ""
    """The key of the channel that it is about."""
    freed_for_all: tuple[str, ...] = ()
    """Of an entry about a channel: the seats that are free for all from then on."""
    kept_back: tuple[str, ...] = ()
    """Of the free seats, those that a channel keeps back from then on."""


class ReservationRow(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="reservation"):
    """One reservation at the end; `status` is `expired` if it was cancelled for that reason.

    If built from an HTTP answer, which has no versions, both versions are -1. That is enough for `settle`.
    """

    id: str
    event: str
    user: str
    key: str
    seats: tuple[str, ...]
    status: str
    cancel_reason: str
    expires_at_us: int
    created_version: int = -1
    changed_version: int = -1
    beyond_limit: bool = False
    extensions: int = 0


class Chart(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="chart"):
    """How many seats an event has, and how it sells them."""

    event: str
    seats: int
    limit: int = 0
    """0 where there is no limit."""
    limit_since: int = 0
    """The version that set it, 0 where it was never changed."""
    opens_at_us: int = 0
    """When its sale opens (µs since 1970), 0 for at once."""
    closes_at_us: int = FOREVER
    """When its sale closes or it begins, whichever is earlier."""
    seller_confirms: bool = False
    edited: int = 0
    """The version of its last edit. What the three before were until then, the log does not say."""
    areas: tuple[str, ...] = ()
    """The places of its areas for general admission."""
    companions: tuple[tuple[str, str], ...] = ()
    """Its companion seats, each with its accessible seat."""


class ClaimRow(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="claim"):
    """One live claim; `state` as in `history.held` and `history.sold`."""

    event: str
    seat: str
    state: str


Row: TypeAlias = Change | ReservationRow | Chart | ClaimRow


@dataclass(slots=True)
class DatabaseRows:
    """The rows of a run."""

    changes: list[Change] = field(default_factory=list)
    reservations: list[ReservationRow] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    claims: list[ClaimRow] | None = None
    """None if they were not dumped; then they are not compared."""

    def save(self, path: Path) -> None:
        """Write them as JSON lines."""
        rows: Iterable[Row] = (*self.changes, *self.reservations, *self.charts, *(self.claims or ()))
        path.write_bytes(msgspec.json.Encoder().encode_lines(rows))

    @classmethod
    def load(cls, path: Path) -> "DatabaseRows":
        """Read what `save` wrote.

        Raises:
            msgspec.DecodeError: for anything else.
        """
        rows = cls(claims=[])
        assert rows.claims is not None
        for row in msgspec.json.Decoder(Row).decode_lines(path.read_bytes()):
            match row:
                case Change():
                    rows.changes.append(row)
                case ReservationRow():
                    rows.reservations.append(row)
                case Chart():
                    rows.charts.append(row)
                case ClaimRow():
                    rows.claims.append(row)
        return rows


_CHANGES = """
SELECT event_id::text AS event, version, kind, coalesce(reservation_id::text, '') AS reservation,
       seat_ids::text[] AS seats, at AS at_us,
       CASE WHEN kind = 'seats_changed' THEN coalesce(freed_seat_ids, '{}')::text[] ELSE '{}' END AS freed,
       coalesce(detail, '') AS detail,
       CASE WHEN kind = 'seats_changed' THEN '{}' ELSE coalesce(freed_seat_ids, '{}')::text[] END AS freed_for_all,
       coalesce(kept_back_seat_ids, '{}')::text[] AS kept_back
FROM changes ORDER BY event_id, version"""
_RESERVATIONS = """
SELECT id::text, event_id::text AS event, user_id AS user, idempotency_key AS key, seat_ids::text[] AS seats,
       CASE WHEN cancel_reason = 'expired' THEN 'expired' ELSE status END AS status,
       coalesce(cancel_reason, '') AS cancel_reason, expires_at AS expires_at_us, created_version, changed_version,
       beyond_limit, extensions
FROM reservations"""
_CHARTS = """
SELECT s.event_id::text AS event, count(*) AS seats, coalesce(max(e.max_seats_per_buyer), 0) AS limit,
       coalesce(max(e.purchase_limit_since), 0) AS limit_since,
       coalesce(max(e.sale_opens_at), 'epoch') AS opens_at_us,
       coalesce(max(least(e.start_at, e.sale_closes_at)), '9999-12-31') AS closes_at_us,
       coalesce(bool_or(e.confirmation = 'seller'), false) AS seller_confirms,
       (SELECT coalesce(max(c.version), 0) FROM changes c WHERE c.event_id = s.event_id AND c.kind = 'event_edited'),
       coalesce(array_agg(s.id::text) FILTER (WHERE s.area), '{}') AS areas,
       coalesce(array_agg(ARRAY[s.id::text, s.companion_of::text]) FILTER (WHERE s.companion_of IS NOT NULL), '{}')
FROM seats s LEFT JOIN events e ON e.id = s.event_id GROUP BY s.event_id"""
_CLAIMS = (
    "SELECT event_id::text AS event, seat_id::text AS seat, status, reservation_id::text AS reservation FROM claims"
)


async def dump(connection: "asyncpg.Connection[asyncpg.Record]") -> DatabaseRows:
    """Read a whole database, after all activity has ended.

    Raises:
        asyncpg.PostgresError: when it cannot be read.
    """
    return DatabaseRows(
        changes=[Change(*_plain(row)) for row in await connection.fetch(_CHANGES)],
        reservations=[ReservationRow(*_plain(row)) for row in await connection.fetch(_RESERVATIONS)],
        charts=[Chart(*_plain(row)) for row in await connection.fetch(_CHARTS)],
        claims=[
            ClaimRow(event, seat, (held if status == "reserved" else sold)(reservation))
            for event, seat, status, reservation in await connection.fetch(_CLAIMS)
        ],
    )


def microseconds(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _plain(row: Iterable[Any]) -> Iterable[Any]:
    for value in row:
        if isinstance(value, datetime):
            yield microseconds(value)
        else:
            yield tuple(value) if isinstance(value, list) else value
