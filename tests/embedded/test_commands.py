"""What `holdfast` says to somebody who has just installed it, or types a command in the wrong place."""

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from holdfast import __version__
from holdfast.cli import app
from holdfast.cli.database import with_database
from holdfast.cli.invariants import report_invariants
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.settings import Settings, SettingsError


def test_the_first_thing_that_help_shows_is_how_to_start():
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert 0 < shown.index(" run ") < shown.index(" serve ") < shown.index(" size ")


def test_it_tells_its_version():
    assert CliRunner().invoke(app, ["--version"]).output == f"holdfast {__version__}\n"


def test_a_command_in_a_folder_without_a_run_says_so_and_leaves_nothing_behind(tmp_path):
    folder = tmp_path / ".holdfast"
    looks = with_database(Settings(database_url=None, holdfast_data_dir=folder))
    with pytest.raises(SettingsError, match="in the folder of a `holdfast run`"):
        looks.__enter__()
    assert not folder.exists()


def test_a_check_of_a_database_without_tables_says_what_makes_them(empty_database_url):
    with pytest.raises(EmbeddedError, match="`holdfast migrate up` makes the tables"):
        report_invariants(Settings(database_url=SecretStr(empty_database_url)))
