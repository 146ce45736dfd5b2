"""`holdfast cells`: adding a database, refusing every wrong one, draining, listing, checking."""

import asyncio
import json

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from box_office import open_engine, put_on_sale, sql
from holdfast.cli import app
from holdfast.cli.cells.acts import add, check, drain, list_cells
from holdfast.cli.database import refuse_wrong_databases
from holdfast.cli.invariants import report_invariants
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import adding, migrate
from holdfast.infrastructure.postgres.migrations.adding import add_cell
from holdfast.infrastructure.postgres.migrations.cell_statements import CELLS
from holdfast.infrastructure.postgres.migrations.reporter import Silent
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings, SettingsError

EVENT_WITH_WRONG_COUNTERS = """
INSERT INTO events (id, name, description, venue, total_seats, available, start_at, end_at, created_at, updated_at)
VALUES (gen_random_uuid(), 'x', '', '', 9, 4, now(), now(), now(), now())"""


def settings_of(home, **urls):
    """Settings with further cells, as `one=url` or `two=(url, schema)`."""
    numbers = {"one": "1", "two": "2"}
    cells = {numbers[name]: {"url": url} if isinstance(url, str) else dict(url) for name, url in urls.items()}
    return Settings(database_url=SecretStr(home), cells=SecretStr(json.dumps(cells)) if cells else None)


def query(url, statement):
    return asyncio.run(sql(url, statement))


def rows_of(capsys):
    return [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]


@pytest.fixture
def added(database_url, new_database_url):
    """Settings with cell 1, which has been added. Its database had been migrated already, which is quicker."""
    settings = settings_of(database_url, one=new_database_url)
    add(settings, 1, "east")
    return settings


def test_an_empty_database_becomes_a_cell(database_url, empty_database_url, capsys):
    settings = settings_of(database_url, one=empty_database_url)
    add(settings, 1, "")
    told = capsys.readouterr().out
    assert "cell 1 is added" in told
    assert 'CELLS=\'{"1": {"url": "' in told
    assert "holdfast:***@" in told, "the password is left out"
    [own] = query(empty_database_url, "SELECT cell, cell_added_at, finished FROM installation")
    [row] = query(database_url, "SELECT number, name, added_at, drained_at FROM cells")
    assert (own["cell"], own["cell_added_at"]) == (1, row["added_at"]), "both know the same time"
    assert (row["number"], row["name"], row["drained_at"]) == (1, "cell 1", None)
    assert own["finished"] == newest_migration()
    assert query(database_url, "SELECT cell FROM installation")[0]["cell"] == 0
    add(settings, 1, "")
    assert "was added before" in capsys.readouterr().out


def test_a_cell_gets_no_events_before_all_nodes_know_it(database_url, new_database_url, capsys):
    settings = settings_of(database_url, one=new_database_url)
    add(settings, 1, "", drained=True)
    assert "holdfast cells undrain 1" in capsys.readouterr().out
    drained = "SELECT drained_at IS NOT NULL AS drained FROM cells WHERE number = 1"
    assert query(database_url, drained)[0]["drained"]
    drain(settings, 1, drained=False)
    add(settings, 1, "", drained=True)
    assert not query(database_url, drained)[0]["drained"], "it was added before"


def test_nothing_starts_on_the_database_of_another_cell(database_url, new_database_url, added):
    assert refuse_wrong_databases(added) is added
    for wrong in (settings_of(new_database_url), settings_of(new_database_url, one=database_url)):
        with pytest.raises(EmbeddedError, match=r"^DATABASE_URL: leads to the database of cell 1"):
            refuse_wrong_databases(wrong)


def test_a_cell_can_be_a_schema_of_the_same_database(database_url, capsys):
    settings = settings_of(database_url, two={"url": database_url, "schema": "order"})  # a word of SQL
    try:
        add(settings, 2, "")
        assert query(database_url, 'SELECT cell FROM "order".installation')[0]["cell"] == 2
        capsys.readouterr()
        assert list_cells(settings)
        assert [row[3:] for row in rows_of(capsys)] == [[newest_migration(), "0", "yes", "ok"]] * 2
        assert check(settings)
    finally:
        query(database_url, 'DROP SCHEMA "order" CASCADE')


class _KilledError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["upgrade_on", "finish_on", "take_number", "add_cell"])
def test_it_can_be_killed_at_any_point_and_run_again(database_url, new_database_url, monkeypatch, point):
    home, cell = Cell(0, database_url), Cell(1, new_database_url)

    def kill(*_args):
        raise _KilledError

    with monkeypatch.context() as patch:
        if point in ("upgrade_on", "finish_on"):
            patch.setattr(adding, point, kill)
        else:
            broken = CELLS.__class__(**{n: getattr(CELLS, n) for n in CELLS.__slots__} | {point: kill})
            patch.setattr(adding, "CELLS", broken)
        with pytest.raises(_KilledError):
            asyncio.run(add_cell(home, cell, name="x", reporter=Silent()))
    assert asyncio.run(add_cell(home, cell, name="x", reporter=Silent()))
    assert not asyncio.run(add_cell(home, cell, name="x", reporter=Silent())), "nothing is left to do"
    assert check(settings_of(database_url, one=new_database_url))


def test_migrations_that_were_broken_off_are_completed(database_url, empty_database_url):
    migrate.upgrade(empty_database_url, "0004")
    add(settings_of(database_url, one=empty_database_url), 1, "")
    assert query(empty_database_url, "SELECT cell FROM installation")[0]["cell"] == 1


def test_a_cell_0_that_was_restored_to_before_is_told_of_its_cells_again(added, database_url, new_database_url):
    query(database_url, "DELETE FROM cells; UPDATE installation SET cell = NULL, cell_added_at = NULL")
    add(added, 1, "east")
    [own] = query(new_database_url, "SELECT cell_added_at FROM installation")
    [row] = query(database_url, "SELECT added_at FROM cells")
    assert row["added_at"] == own["cell_added_at"], "ids from the time in between stay those of the cell"


def refused(settings, number=1):
    with pytest.raises((EmbeddedError, SettingsError)) as refusal:
        add(settings, number, "")
    sentence = str(refusal.value)
    assert "\n" not in sentence
    return sentence


def test_each_wrong_database_is_refused_with_a_sentence(database_url, new_database_url, empty_database_url, added):
    home, own, other = database_url, new_database_url, empty_database_url
    assert "has no cell 2" in refused(added, 2)
    assert "there from the beginning" in refused(added, 0)
    assert "its database is cell 1" in refused(settings_of(home, two=own), 2)
    assert "DATABASE_URL leads to the database of cell 1" in refused(settings_of(own, two=other), 2)
    assert "cell 1 has been added with another database" in refused(settings_of(home, one=other))
    query(other, "CREATE SCHEMA other CREATE TABLE orders (id int)")
    sentence = refused(settings_of(home, two={"url": other, "schema": "other"}), 2)
    assert "is not empty (there is orders)" in sentence
    assert "cell 2: " in refused(settings_of(home, two="postgresql://holdfast@127.0.0.1:1/holdfast"), 2)


def test_an_installation_of_its_own_is_not_swallowed(database_url, new_database_url):
    async def sell():
        async with open_engine(new_database_url) as engine:
            await put_on_sale(engine, 3)

    asyncio.run(sell())
    assert "events of an installation of its own" in refused(settings_of(database_url, one=new_database_url))


def test_older_nodes_must_be_gone_first(database_url, empty_database_url):
    query(database_url, "UPDATE installation SET finished = '0009'")
    assert "holdfast migrate finish" in refused(settings_of(database_url, one=empty_database_url))
    assert query(empty_database_url, "SELECT to_regclass('events') AS there")[0]["there"] is None


def test_the_list_names_what_is_not_as_it_should_be(database_url, new_database_url, added, capsys):
    capsys.readouterr()
    assert list_cells(added)
    home, east = rows_of(capsys)
    assert home[:2] == ["0", "home"]
    assert east[:2] == ["1", "east"]
    assert ":***@" in east[2]
    away = settings_of(database_url, one="postgresql://holdfast:secret@127.0.0.1:1/holdfast")
    assert not list_cells(away)
    _, east = rows_of(capsys)
    assert east[-1].startswith("away: ")
    assert "secret" not in "".join(east)
    assert not list_cells(settings_of(database_url))
    assert rows_of(capsys)[1][-1] == "CELLS does not name it"
    assert not list_cells(settings_of("postgresql://holdfast@127.0.0.1:1/holdfast", one=new_database_url))
    home, east = rows_of(capsys)
    assert home[-1].startswith("away: ")
    assert east[-1] == "ok", "cell 1 is told without cell 0"


def test_a_drained_cell_is_remembered_and_one_stays(added, database_url):
    assert drain(added, 1, drained=True).startswith("cell 1 gets no new events")
    since = query(database_url, "SELECT drained_at FROM cells WHERE number = 1")[0]["drained_at"]
    assert "Nothing has changed" in drain(added, 1, drained=True)
    assert query(database_url, "SELECT drained_at FROM cells WHERE number = 1")[0]["drained_at"] == since
    with pytest.raises(EmbeddedError, match=r"^cell 0 is the only one that takes new events"):
        drain(added, 0, drained=True)
    drain(added, 1, drained=False)
    drain(added, 0, drained=True)
    with pytest.raises(EmbeddedError, match=r"^there is no cell 7"):
        drain(added, 7, drained=True)
    drained = query(database_url, "SELECT number FROM cells WHERE drained_at IS NOT NULL")
    assert [row["number"] for row in drained] == [0]


def test_the_check_finds_ids_of_another_cell_and_a_database_without_number(added, capsys):
    async def sell():
        async with open_engine(added.all_cells()[1].url) as engine:  # as if it were cell 0
            await put_on_sale(engine, 1)

    assert check(added)
    asyncio.run(sell())
    capsys.readouterr()
    assert not check(added)
    told = capsys.readouterr()
    assert "cell 1: event " in told.err
    assert " names cell 0" in told.err
    assert [row[2] for row in rows_of_text(told.out)] == ["ok", "2 violations"]
    query(added.all_cells()[1].url, "UPDATE installation SET cell = NULL, cell_added_at = NULL")
    assert not check(added)
    assert "its database says that it is no cell" in capsys.readouterr().err
    query(added.all_cells()[1].url, "ALTER TABLE claims RENAME TO others")
    assert not check(added)
    assert [row[2] for row in rows_of_text(capsys.readouterr().out)] == ["ok", "not checked"]


def rows_of_text(text):
    return [line.split("\t") for line in text.splitlines()]


def test_the_check_finds_ids_of_other_cells_in_cell_0(added, database_url, capsys):
    event = """INSERT INTO events (id, name, description, venue, total_seats, start_at, end_at, created_at, updated_at)
        VALUES ({}, 'x', '', '', 1, now(), now(), now(), now())"""
    old = "'017f22e2-79b0-7001-8000-000000000001'"
    query(database_url, event.format(old))
    check(added)
    assert "names cell" not in capsys.readouterr().err, "it is older than cell 1, so its bits mean nothing"
    new = "(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + 5000), 12, '0') || '70018000000000000001')::uuid"
    query(database_url, event.format(new))
    capsys.readouterr()
    assert not check(added)
    assert "names cell 1" in capsys.readouterr().err


def test_holdfast_check_covers_every_cell(added, new_database_url, capsys):
    capsys.readouterr()
    assert report_invariants(added)
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if "\t" not in line] == ["cell 0", "cell 1"]
    query(new_database_url, EVENT_WITH_WRONG_COUNTERS)
    assert not report_invariants(added)
    away = settings_of(added.database_url.get_secret_value(), one="postgresql://holdfast@127.0.0.1:1/x")
    with pytest.raises(EmbeddedError, match="the invariants of cell 1 cannot be checked"):
        report_invariants(away)


def test_the_commands_are_there(monkeypatch, added):
    monkeypatch.setenv("DATABASE_URL", added.database_url.get_secret_value())
    monkeypatch.setenv("CELLS", added.cells.get_secret_value())
    run = CliRunner()
    for words, code in (
        (["cells", "list"], 0),
        (["cells", "add", "1"], 0),
        (["cells", "check"], 0),
        (["cells", "drain", "1"], 0),
        (["cells", "undrain", "1"], 0),
        (["cells", "drain", "x"], 2),
        (["cells", "drain", "5000"], 2),
    ):
        assert run.invoke(app, words).exit_code == code, words
