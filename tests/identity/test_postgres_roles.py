"""Holdfast works with the PostgreSQL roles of `deploy/postgres/roles.sql`, and they permit nothing more."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from api.serving import api_with
from archive.past_events import a_past_event, open_archive, rows_of
from box_office import assert_promises_hold, open_engine, sql
from builders import an_event
from holdfast.application.failures import Obstructed
from holdfast.application.identity import api_keys, members, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.roles import Role
from holdfast.infrastructure.embedded.binaries import postgres_programs
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from identity.offices import ADMIN, open_identity

SCRIPT = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"
ROLES = ("app", "archiver", "auditor")


def _run_script(url: str, database: str) -> None:
    names = [word for role in ROLES for word in ("-v", f"{role}={database}_{role}")]
    subprocess.run(
        [postgres_programs() / "psql", "-X", "-q", *names, "-v", "owner=holdfast", "-f", SCRIPT, url],
        check=True,
        capture_output=True,
        text=True,
    )


@pytest.fixture
async def urls(servers, database_url):
    """Return the URLs of the application, the archiver and the auditor in a database with these roles."""
    database = urlsplit(database_url).path.strip("/")
    as_superuser = urlunsplit(urlsplit(servers.superuser_url)._replace(path=f"/{database}"))
    for _ in range(2):  # running it twice must work
        await asyncio.to_thread(_run_script, as_superuser, database)
    found = {}
    for role in ROLES:
        name = f"{database}_{role}"
        await sql(as_superuser, f"ALTER ROLE {name} PASSWORD 'secret'")
        parts = urlsplit(database_url)
        found[role] = urlunsplit(parts._replace(netloc=f"{name}:secret@{parts.netloc.rpartition('@')[2]}"))
    yield found
    for role in ROLES:
        await sql(as_superuser, f"DROP OWNED BY {database}_{role}; DROP ROLE {database}_{role}")


async def _refused(url: str, statement: str) -> bool:
    try:
        await sql(url, statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def test_the_server_works_as_app_and_the_auditor_as_auditor(urls, database_url):
    async with api_with(database_url=urls["app"]) as api:
        event_id, seats = await api.event_on_sale(seats=3)
        held = (await api.reserve(event_id, seats[:2])).json()
        assert (await api.confirm(held["id"])).status_code == 200
        other = (await api.reserve(event_id, seats[2:])).json()
        assert (await api.cancel(other["id"])).status_code == 200
        assert (await api.put(f"/events/{event_id}", an_event(name="Late"))).status_code == 200
        gone, _ = await api.event_on_sale(seats=1)
        assert (await api.delete(f"/events/{gone}")).status_code == 204
        assert (await api.http.get("/readyz")).status_code == 200
    async with open_identity(urls["app"]) as identity:
        await organisers.create_organiser(identity, ADMIN, name="Hall")
        there = {"organiser_id": DEFAULT_ORGANISER_ID, "user_id": "ann"}
        await members.put_member(identity, ADMIN, **there, role=Role.BOX_OFFICE)
        await members.put_member(identity, ADMIN, **there, role=Role.ORGANISER)
        await members.delete_member(identity, ADMIN, **there)
        wish = KeyWish(name="till", role=Role.ADMIN, organiser_id=None, expires_at=None)
        stored, key = await api_keys.create_api_key(identity, ADMIN, wish)
        assert await identity.rights.of_key(key)
        identity.key_uses.note(stored.id)
        await identity.key_uses.record()
        await api_keys.revoke_api_key(identity, ADMIN, stored.id)
    assert all(result.holds for result in await check_invariants(urls["auditor"]))
    await sql(urls["auditor"], "SELECT id, public_key, created_at, retired_at, revoked_at FROM ticket_keys")
    auditor = PostgresAuditor(urls["auditor"])
    try:
        assert not [one for one in await auditor.audit() if one.violations]
    finally:
        await auditor.close()
    await assert_promises_hold(database_url)


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.slow
async def test_what_was_appended_is_neither_changed_nor_removed_and_no_table_is_made_or_altered(urls, role):
    forbidden = [
        f"{change} {table}{rest}"
        for table, column in (("audit", "verb"), ("changes", "kind"))
        for change, rest in (("UPDATE", f" SET {column} = 'x'"), ("DELETE FROM", ""), ("TRUNCATE", ""))
    ]
    forbidden += [
        "DELETE FROM reservations",
        "DELETE FROM api_keys",
        "DELETE FROM events",
        "DELETE FROM ticket_keys",
        "UPDATE ticket_keys SET public_key = ''",
        "UPDATE organisers SET name = 'x'",
        "UPDATE archives SET file = 'x'",
        "DELETE FROM archives",
        "DELETE FROM archived_reservations",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE TABLE mine (a int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "ALTER TABLE audit ADD COLUMN mine int",
        "ALTER TABLE changes DISABLE TRIGGER ALL",
        "CREATE INDEX mine ON events (name)",
        "DROP TABLE audit",
        "ALTER TABLE audit OWNER TO CURRENT_USER",
        "CREATE RULE mine AS ON INSERT TO audit DO INSTEAD NOTHING",
        "COPY events TO PROGRAM 'true'",
        "SET ROLE holdfast",
    ]
    if role == "auditor":
        forbidden += [
            "INSERT INTO organisers (id, name, created_at) VALUES (gen_random_uuid(), 'x', now())",
            "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM audit",
            "UPDATE events SET name = 'x'",
            "DELETE FROM claims",
            "UPDATE seats SET price = 0",
            "UPDATE rights SET version = 0",
            "SELECT password_hash FROM accounts",
            "SELECT private_key FROM ticket_keys",
            "INSERT INTO ticket_keys (id, public_key, created_at, retired_at) VALUES ('', '', now(), now())",
        ]
    assert [statement for statement in forbidden if not await _refused(urls[role], statement)] == []


@pytest.mark.slow
async def test_the_archiver_removes_and_restores_reservations_and_the_log_and_changes_nothing_in_them(urls):
    allowed = [
        *(f"DELETE FROM {table}" for table in ("claims", "reservations", "changes", "archived_reservations")),
        "SELECT 1 FROM events FOR NO KEY UPDATE",
        "UPDATE events SET archived_at = now()",
    ]
    assert [statement for statement in allowed if await _refused(urls["archiver"], statement)] == []
    forbidden = [
        "UPDATE changes SET kind = 'x'",
        "UPDATE reservations SET status = 'cancelled'",
        "UPDATE claims SET status = 'confirmed'",
        "UPDATE events SET version = 0",
        "DELETE FROM events",
        "DELETE FROM archives",
        "DELETE FROM audit",
        "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM audit",
        "TRUNCATE changes",
        "SELECT digest FROM api_keys",
        "SELECT password_hash FROM accounts",
        "CREATE TABLE mine (a int)",
    ]
    assert [statement for statement in forbidden if not await _refused(urls["archiver"], statement)] == []


async def test_events_are_archived_and_restored_as_archiver_and_not_as_app(urls, database_url, tmp_path):
    async with open_engine(database_url) as engine:
        sale = await a_past_event(database_url, engine)
    before = await rows_of(database_url, sale.event_id)
    async with open_archive(urls["app"], tmp_path) as archive:
        with pytest.raises(Obstructed, match="permission denied"):
            await archive.put_away(sale.event_id)
    async with open_archive(urls["archiver"], tmp_path) as archive:
        assert await archive.session.may_archive()
        assert [event.event_id for event in await archive.removal.due_events(timedelta(30), following=None)]
        assert await archive.put_away(sale.event_id) is not None
        await archive.bring_back(sale.event_id)
    assert await rows_of(database_url, sale.event_id) == before


async def test_every_table_has_its_privileges_named(database_url):
    script = SCRIPT.read_text()
    tables = await sql(database_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert [row["tablename"] for row in tables if f"('{row['tablename']}', '" not in script] == []


async def test_readiness_is_content_with_the_privileges_of_app(urls):
    pool = Pool(urls["app"], size=1, application_name="readiness", timeouts=Timeouts())
    try:
        readiness = PostgresReadiness(pool)
        assert (await readiness.schema()).state == "ok"
    finally:
        await pool.close()
