"""Triggers that make PostgreSQL fail in ways in which it may really fail."""

from box_office import sql

_COUNT = "CREATE SEQUENCE sabotages MINVALUE 0 START 0;"
"""A sequence counts on through rollbacks, so a failure can be limited to the first times."""


async def fail(
    database_url: str,
    *,
    sqlstate: str,
    level: str = "EXCEPTION",
    table: str = "changes",
    at_commit: bool = False,
    times: int = 1,
    when: str = "true",
) -> None:
    """Make inserts into a table, or the COMMIT after them, raise an error a number of times.

    Args:
        database_url: The database.
        sqlstate: The error's code.
        level: `EXCEPTION`, or `WARNING`.
        table: The table.
        at_commit: Raise at the COMMIT, not at the insert.
        times: How often.
        when: A condition on `NEW`.
    """
    trigger = (
        f"CREATE CONSTRAINT TRIGGER sabotage AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
        if at_commit
        else f"CREATE TRIGGER sabotage BEFORE INSERT ON {table}"
    )
    await sql(
        database_url,
        f"""
        {_COUNT}
        CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {when} THEN
                IF nextval('sabotages') < {times} THEN
                    RAISE {level} 'sabotage' USING ERRCODE = '{sqlstate}';
                END IF;
            END IF;
            RETURN NEW;
        END $$;
        {trigger} FOR EACH ROW EXECUTE FUNCTION sabotage();
        """,
    )


async def lose_guarded_updates(database_url: str, *, times: int) -> None:
    """Make updates of events match no row, as if somebody had written without the lock."""
    await sql(
        database_url,
        f"""
        {_COUNT}
        CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('sabotages') < {times} THEN RETURN NULL; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER sabotage BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION sabotage();
        """,
    )


async def sabotages(database_url: str) -> int:
    """How often the trigger was asked."""
    (row,) = await sql(database_url, "SELECT last_value + is_called::int AS asked FROM sabotages")
    return row["asked"]
