"""The columns of the tables that are archived, as files have them.

A migration that adds a column to one of these tables adds it to `archive.sql` and here, with the value for rows of
files that were written before.
"""

import json
from collections.abc import Mapping, Sequence

from holdfast.application.upkeep.archive.ports import Lines, Table
from holdfast.application.upkeep.archive.refusals import FileDamagedError

COLUMNS: Mapping[Table, Sequence[str]] = {
    "claims": ("seat_id", "event_id", "reservation_id", "status", "expires_at"),
    "reservations": (
        *("id", "event_id", "user_id", "idempotency_key", "fingerprint", "seat_ids", "status", "cancel_reason"),
        *("total_amount", "created_at", "expires_at", "confirmed_at", "created_version", "changed_version", "prices"),
        *("extensions", "beyond_limit"),
    ),
    "changes": (
        *("event_id", "version", "kind", "reservation_id", "seat_ids", "at", "freed_seat_ids", "kept_back_seat_ids"),
        "detail",
    ),
}
IN_OLDER_FILES: Mapping[Table, Mapping[str, object]] = {
    "claims": {},
    "reservations": {"prices": None, "extensions": 0, "beyond_limit": False},
    "changes": {"freed_seat_ids": None, "kept_back_seat_ids": None, "detail": None},
}
"""What a row has in a column that its file does not know."""


def require_known(columns: Mapping[Table, Sequence[str]]) -> None:
    """Refuse the columns of a file that this version cannot restore.

    Raises:
        FileDamagedError: naming the column.
    """
    for table, known in COLUMNS.items():
        unknown = set(columns[table]) - set(known)
        if unknown:
            raise FileDamagedError(
                f"the file has columns of {table} that this version does not know ({', '.join(sorted(unknown))}): "
                "it was written by a newer version of Holdfast"
            )
        missing = set(known) - set(columns[table]) - set(IN_OLDER_FILES[table])
        if missing:
            raise FileDamagedError(f"the file lacks columns of {table}: {', '.join(sorted(missing))}")


def as_objects(lines: Lines, columns: Sequence[str]) -> str:
    """Return rows as a JSON array of objects.

    Raises:
        FileDamagedError: a line has not as many values as there are columns.
    """
    rows = []
    older = IN_OLDER_FILES[lines.table]
    for line in lines.text.splitlines():
        try:
            _, *values = json.loads(line)
            rows.append({**older, **dict(zip(columns, values, strict=True))})
        except ValueError:
            raise FileDamagedError(f"a line of {lines.table} does not have its columns") from None
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
