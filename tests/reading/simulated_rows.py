"""The rows that PostgreSQL would have in the state of a simulated database."""

from datetime import UTC, datetime, timedelta

from chaos.reading.database import BEGAN, SimulatedDatabase
from chaos.reading.source import CATEGORY

NOW = datetime.now(UTC)


async def store(connection, database: SimulatedDatabase) -> None:
    """Replace everything in the database by the state of a simulated one."""
    tables = "events, seats, claims, reservations, changes, categories, channels, channel_seats"
    await connection.execute(f"TRUNCATE {tables}")
    for event in database.events.values():
        taken = event.epochs[-1].taken(event.version)
        statuses = [status for status, _ in taken.values()]
        reserved, confirmed = statuses.count("reserved"), statuses.count("confirmed")
        await connection.execute(
            """
            INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
                deleted_at, archived_at, version, available, reserved, confirmed, chart_edits, price_edits)
            VALUES ($1, $2, '', '', $3, $3, 1000, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            event.id,
            event.name,
            event.created_at + timedelta(days=30),
            event.created_at,
            event.updated_at,
            event.log[-1].at if event.deleted else None,
            NOW if event.archived else None,
            event.version,
            len(event.chart) - reserved - confirmed,
            reserved,
            confirmed,
            *event.edits,
        )
        await connection.execute(
            """
            INSERT INTO categories (event_id, number, place, key, name, color, price)
            VALUES ($1, 3, 1, $2, '', '', $3)
            """,
            event.id,
            CATEGORY,
            event.price,
        )
        await connection.copy_records_to_table(
            "seats",
            columns=["id", "event_id", "seat_number", "category", "position"],
            records=[(seat, event.id, event.numbers[seat], 3, place) for place, seat in enumerate(event.chart)],
        )
        await connection.execute(
            "INSERT INTO channels (event_id, key, name, kept_back) VALUES ($1, 'one', '', $2)",
            event.id,
            statuses.count("kept"),
        )
        await connection.copy_records_to_table(
            "channel_seats",
            columns=["seat_id", "event_id", "channel_key"],
            records=[(seat, event.id, "one") for seat in event.epochs[-1].in_channel()],
        )
        if event.archived:
            continue
        await connection.copy_records_to_table(
            "changes",
            columns=[
                *("event_id", "version", "kind", "reservation_id", "seat_ids", "at"),
                *("freed_seat_ids", "kept_back_seat_ids"),
            ],
            records=[
                (
                    *(event.id, one.version, one.kind, one.reservation, one.seats or one.joined, one.at),
                    *((one.freed, one.kept) if one.named else (None, None)),
                )
                for one in event.log
            ],
        )
        await connection.copy_records_to_table(
            "claims",
            columns=["seat_id", "event_id", "reservation_id", "status", "expires_at"],
            records=[
                (seat, event.id, holder, status, BEGAN) for seat, (status, holder) in taken.items() if status != "kept"
            ],
        )
        await connection.copy_records_to_table(
            "reservations",
            columns=[
                *("id", "event_id", "user_id", "idempotency_key", "fingerprint", "seat_ids", "status", "total_amount"),
                *("created_at", "expires_at", "created_version", "changed_version"),
            ],
            records=[
                (
                    *(made.reservation, event.id, "ann", str(made.reservation), b"", made.seats, "pending", 0),
                    *(made.at, NOW + timedelta(hours=-1 if database.has_run_out(made) else 9), 1, 1),
                )
                for made in event.holds().values()
            ],
        )
