"""`holdfast migrate` takes all cells: in an order, resumable, each by itself if wanted."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from box_office import sql
from holdfast.cli.cells.acts import add
from holdfast.cli.migrations import down, finish, show, up
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import migrate
from holdfast.infrastructure.postgres.migrations.revisions import before
from holdfast.infrastructure.postgres.migrations.status import status
from holdfast.settings import Settings, SettingsError

NEWEST = newest_migration()
BELOW = before(NEWEST)


@pytest.fixture
def two(database_url, new_database_url):
    """Settings with cells 0 and 1."""
    settings = Settings(
        database_url=SecretStr(database_url), cells=SecretStr(json.dumps({"1": {"url": new_database_url}}))
    )
    add(settings, 1, "")
    return settings


def schemas(settings):
    return [status(cell).current for cell in settings.all_cells()]


def alone(settings):
    """The same installation, with CELLS forgotten."""
    return Settings(database_url=settings.database_url)


@pytest.mark.slow
def test_every_cell_goes_down_and_up_and_is_described(two):
    assert show(two) == f"cell 0: schema {NEWEST}, newest {NEWEST}\ncell 1: schema {NEWEST}, newest {NEWEST}"
    asked = []
    down(two, lambda lost: not asked.append(lost))
    assert schemas(two) == [BELOW, BELOW]
    assert len(asked) == 1, "one question for all cells"
    assert any(line.startswith("cell 0: ") for line in asked[0])
    told = up(two)
    assert schemas(two) == [NEWEST, NEWEST]
    assert told.count("holdfast migrate finish") == 2
    assert "holdfast migrate finish" not in finish(two, force=True)


def test_one_that_was_broken_off_between_two_cells_is_completed(two):
    """Up, further cells come first; down, cell 0 does. So cell 0 at the newest version means that all are."""
    migrate.downgrade(two.all_cells()[0])
    assert f"cell 0: schema {BELOW}" in show(two)
    down(two, lambda _: True)
    assert schemas(two) == [BELOW, BELOW], "the step goes on with the other cell, and is not done twice"
    up(two, only=1)
    assert schemas(two) == [BELOW, NEWEST]
    up(two)
    assert schemas(two) == [NEWEST, NEWEST]


def test_it_is_only_finished_when_all_cells_are_migrated(two):
    for cell in two.all_cells():
        asyncio.run(sql(cell.url, "UPDATE installation SET finished = '0001'"))
    migrate.downgrade(two.all_cells()[1])
    with pytest.raises(EmbeddedError, match=f"cell 1: its schema is {BELOW} and must be {NEWEST}"):
        finish(two, force=True)
    assert [status(cell).finished for cell in two.all_cells()] == ["0001", "0001"]


def test_a_cell_that_is_away_is_described_and_stops_a_migration(two):
    url = two.all_cells()[1].url
    away = Settings(
        database_url=two.database_url,
        cells=SecretStr(json.dumps({"1": {"url": "postgresql://holdfast@127.0.0.1:1/x"}, "2": {"url": url}})),
    )
    assert "cell 1: away: " in show(away)
    with pytest.raises(EmbeddedError, match=r"cell 1 cannot be migrated \(status\)"):
        up(away)
    assert show(away, only=0) == f"schema {NEWEST}, newest {NEWEST}"


def test_cells_that_were_forgotten_or_never_added_are_told(two, empty_database_url):
    for work in (up, lambda settings: finish(settings, force=False)):
        with pytest.raises(EmbeddedError, match="CELLS does not name cell 1"):
            work(alone(two))
    assert up(alone(two), only=0), "cell 0 by itself can be meant"
    with pytest.raises(SettingsError, match="no cell 4"):
        up(two, only=4)
    cells = {"1": {"url": two.all_cells()[1].url}, "2": {"url": empty_database_url}}
    three = Settings(database_url=two.database_url, cells=SecretStr(json.dumps(cells)))
    assert "cell 2: not added yet: `holdfast cells add 2`" in up(three)
    with pytest.raises(EmbeddedError, match="cell 2 has not been added yet"):
        up(three, only=2)
