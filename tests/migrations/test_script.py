"""The SQL of migrations is split into steps and statements, and statements that would block a sale are refused."""

import re
from importlib.resources import files

import pytest

from holdfast.infrastructure.postgres.migrations.script import in_one_line, statements_of, steps_of


def test_statements_end_at_semicolons_that_are_not_quoted():
    script = """
    -- a comment; with a semicolon
    SELECT ';' AS one, 'it''s;' AS two, E'\\';' AS three; /* another; */ SELECT "a;b" - 1;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; $body$;
    DO $$ BEGIN PERFORM 1; END $$;;
    """
    assert [in_one_line(statement) for statement in statements_of(script)] == [
        "SELECT ';' AS one, 'it''s;' AS two, E'\\';' AS three",
        'SELECT "a;b" - 1',
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; $body$",
        "DO $$ BEGIN PERFORM 1; END $$",
    ]


def test_a_script_is_read_as_steps():
    steps = steps_of("-- step: a b\nSELECT 1;\nSELECT 2;\n-- step: c, outside a transaction\nANALYZE events;\n")
    assert [(step.name, len(step.statements), step.in_transaction) for step in steps] == [
        ("a b", 2, True),
        ("c", 1, False),
    ]
    assert [(step.name, step.in_transaction) for step in steps_of("SELECT 1")] == [("all", True)]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (c)", "must be `, outside a transaction`"),
        ("VACUUM t", "must be `, outside a transaction`"),
        ("-- step: a, outside a transaction\nINSERT INTO t VALUES (1)", "cannot be repeated"),
        ("-- step: a, outside a transaction\nDROP INDEX CONCURRENTLY i", "cannot be repeated"),
        ("-- step: a, outside the transaction\nVACUUM t", "a step begins with"),
        ("-- Step: a\nSELECT 1", "a step begins with"),
        ("SELECT 1;\n-- step: a\nSELECT 1", "before the first step"),
        ("-- step: a\nSELECT 1;\n-- step: a\nSELECT 1", "the same name"),
    ],
)
def test_a_script_that_could_not_be_carried_out_twice_is_refused(script, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        steps_of(script)


VERSIONS = files("holdfast.infrastructure.postgres.migrations") / "versions"
SCRIPTS = sorted(entry.name for entry in VERSIONS.iterdir() if entry.name.endswith(".sql"))
_CREATED = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)
_HOLDS_UP = {
    r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*? ON (?:ONLY )?(?P<table>\w+)": "make the index CONCURRENTLY",
    r"DROP INDEX (?!CONCURRENTLY)(?P<table>)": "drop the index CONCURRENTLY",
    r"ALTER TABLE (?P<table>\w+) .*ADD (?:CONSTRAINT \w+ )?(?:CHECK|FOREIGN KEY)(?!.*NOT VALID)": "NOT VALID first",
    r"ALTER TABLE (?P<table>\w+) .*ADD (?:CONSTRAINT \w+ )?(?:PRIMARY KEY|UNIQUE)(?! USING INDEX)": "index first",
    r"ALTER TABLE (?P<table>\w+) .*SET NOT NULL": "a valid CHECK first",
    r"ALTER TABLE (?P<table>\w+) .*ALTER (?:COLUMN )?\w+ (?:SET DATA )?TYPE\b": "writes the whole table anew",
    r"ALTER TABLE (?P<table>\w+) .*ADD COLUMN .*DEFAULT .*\(": "a default that is computed writes the table anew",
    r"LOCK TABLE (?P<table>\w+)": "waits for every batch",
    r"VACUUM FULL (?P<table>\w+)": "writes the table anew",
}


def holding_up(script: str) -> list[str]:
    """Return statements that block the writers of a table for longer the larger it is."""
    created = set(_CREATED.findall(script))
    validated = re.findall(r"ALTER TABLE (\w+) VALIDATE CONSTRAINT", script)
    statements = [in_one_line(statement) for step in steps_of(script) for statement in step.statements]
    return [
        f"{statement[:80]}: {instead}"
        for statement in statements
        for shape, instead in _HOLDS_UP.items()
        if (found := re.match(shape, statement, re.IGNORECASE))
        and found["table"] not in created
        and not ("SET NOT NULL" in shape and found["table"] in validated)
    ]


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_migration_keeps_the_writers_of_a_large_table(name):
    assert holding_up((VERSIONS / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON t (c)",
        "CREATE UNIQUE INDEX i ON t (c)",
        "DROP INDEX i",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0)",
        "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES u",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (c)",
        "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
        "ALTER TABLE t ALTER c TYPE bigint",
        "ALTER TABLE t ADD COLUMN c uuid DEFAULT gen_random_uuid()",
    ],
)
def test_what_keeps_writers_is_recognised(statement):
    assert len(holding_up(statement)) == 1
    assert holding_up(f"CREATE TABLE t (c int); {statement}") == [] or "DROP" in statement


def test_what_keeps_nobody_is_let_pass():
    assert holding_up("ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID; ALTER TABLE t ADD COLUMN d int") == []
