"""Migrating a schema that Citus distributes, as far as plain PostgreSQL can show it. `make citus-try` does the rest."""

import asyncio

import pytest

from box_office import sql
from holdfast.infrastructure.postgres.migrations import migrate, steps
from holdfast.infrastructure.postgres.migrations.distributed import NotDistributedError
from holdfast.infrastructure.postgres.migrations.script import in_one_line, one_change_each
from holdfast.server_urls.cells import Cell
from migrations.test_up_and_down import shape_of


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("ALTER TABLE t ADD COLUMN c int, DROP COLUMN d", ["ADD COLUMN c int", "DROP COLUMN d"]),
        (
            "ALTER TABLE t\n    ADD COLUMN c numeric(3, 1) DEFAULT 1.5,\n    ADD CONSTRAINT k CHECK (c IN (1, 2))",
            ["ADD COLUMN c numeric(3, 1) DEFAULT 1.5", "ADD CONSTRAINT k CHECK (c IN (1, 2))"],
        ),
        (
            """ALTER TABLE t ADD COLUMN c text DEFAULT 'a, (b''', ADD COLUMN "d, e" text DEFAULT $$,)$$""",
            ["ADD COLUMN c text DEFAULT 'a, (b'''", 'ADD COLUMN "d, e" text DEFAULT $$,)$$'],
        ),
        ("ALTER TABLE t SET (fillfactor = 50, a = b)", ["SET (fillfactor = 50, a = b)"]),
    ],
)
def test_each_change_of_a_table_is_a_statement_of_its_own(statement, changes):
    separate = [in_one_line(each) for each in one_change_each(statement)]
    assert separate == [f"ALTER TABLE t {change}" for change in changes]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (1, 2), (3, 4)", "DROP TABLE t, u"]
)
def test_other_statements_stay_as_they_are(statement):
    assert one_change_each(statement) == [statement]


def test_with_one_change_each_the_schema_is_the_same(empty_database_url, new_database_url, monkeypatch):
    monkeypatch.setattr(steps, "ON_CITUS", "SELECT true")
    migrate.upgrade(empty_database_url)
    assert shape_of(empty_database_url) == shape_of(new_database_url)
    migrate.downgrade(empty_database_url, "base")
    monkeypatch.undo()
    migrate.upgrade(empty_database_url)
    assert shape_of(empty_database_url) == shape_of(new_database_url)


def test_a_cell_that_is_not_on_citus_is_not_migrated_as_if_it_were(empty_database_url):
    cell = Cell(1, empty_database_url, schema="tickets", plan_mode="custom", citus=True)
    with pytest.raises(NotDistributedError, match="create the extension citus"):
        migrate.upgrade(cell)
    assert asyncio.run(sql(empty_database_url, "SELECT to_regnamespace('tickets') AS made"))[0]["made"] is None
