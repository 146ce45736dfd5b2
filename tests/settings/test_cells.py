"""CELLS names further databases; whatever is wrong with it is said in one line without a secret."""

import json

import pytest

from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings, SettingsError, load_settings

URL = "postgresql://u:hidden@h/d"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _loaded(monkeypatch, cells, **variables) -> Settings:
    text = cells if isinstance(cells, str) else json.dumps(cells)
    for name, value in {"DATABASE_URL": URL, "CELLS": text, **variables}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_cell_0_is_the_database_and_the_others_are_named(monkeypatch):
    settings = _loaded(
        monkeypatch,
        {
            "12": {"url": "postgresql://u@h/d", "schema": "tickets_12", "citus": True},
            "2": {"url": "postgresql://u@other/d"},
        },
    )
    assert settings.all_cells() == (
        Cell(0, URL),
        Cell(2, "postgresql://u@other/d"),
        Cell(12, "postgresql://u@h/d", "tickets_12", "custom", citus=True),
    )


def test_the_database_itself_can_be_a_schema_on_citus(monkeypatch):
    url = f"{URL}?options=--search-path%3Dtickets%20-choldfast.citus%3Don"
    settings = _loaded(monkeypatch, "", DATABASE_URL=url)
    assert settings.all_cells() == (Cell(0, url, "tickets", "custom", citus=True),)


def test_the_database_can_be_a_schema_with_plans_of_its_own(monkeypatch):
    url = f"{URL}?options=-c%20search_path%3Dtickets%20-c%20plan_cache_mode%3Dforce_custom_plan"
    assert _loaded(monkeypatch, "", DATABASE_URL=url).all_cells() == (Cell(0, url, "tickets", "custom"),)


def test_without_cells_there_is_one(monkeypatch):
    assert _loaded(monkeypatch, "").all_cells() == (Cell(0, URL),)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ({"0": {"url": URL}}, "number is not 1 to 4095"),
        ({"4096": {"url": URL}}, "number is not 1 to 4095"),
        ({"01": {"url": URL}}, "number is not 1 to 4095"),
        ({"1": URL}, "cell 1: must be an object"),
        ({"1": {}}, "cell 1, url: must be a text"),
        ({"1": {"url": "mysql://u:hidden@h/d"}}, "cell 1, url: must start with postgres://"),
        ({"1": {"url": "postgresql://u:hidden@h/d?nosuch=1"}}, "cell 1, url: has an option nosuch"),
        ({"1": {"url": URL, "schema": "Tickets"}}, "cell 1, schema: must be a name"),
        ({"1": {"url": URL, "schema": "pg_x"}}, "cell 1, schema: must be a name"),
        ({"1": {"url": URL, "schema": ""}}, "cell 1, schema: must be a name"),
        ({"1": {"url": URL, "plan_mode": "auto"}}, "cell 1, plan_mode: must be one of"),
        ({"1": {"url": URL, "citus": "yes"}}, "cell 1, citus: must be true or false"),
        ({"1": {"url": URL, "citus": True}}, "cell 1, citus: needs a schema"),
        (
            {"1": {"url": URL, "schema": "s", "citus": True, "plan_mode": "generic"}},
            "cell 1, plan_mode: must be custom",
        ),
        ({"1": {"url": URL, "password": "hidden"}}, "cell 1: has a member that is not known"),
        ('{"1": {"url": "postgresql://u@h/e"}, "1": {"url": "postgresql://u@h/f"}}', "same cell or member twice"),
        ({"1": {"url": "postgresql://u@h/e"}, "2": {"url": "postgresql://u@h/e"}}, "cells 1 and 2 have the same url"),
        ({"1": {"url": URL}}, "cells 0 and 1 have the same url"),
    ],
)
def test_what_is_wrong_is_one_line_without_a_secret(monkeypatch, cells, said):
    with pytest.raises(SettingsError) as refusal:
        _loaded(monkeypatch, cells)
    message = str(refusal.value)
    assert message.startswith("CELLS: ")
    assert said in message
    assert "hidden" not in message
    assert "\n" not in message


def test_secrets_of_cells_are_redacted(monkeypatch):
    settings = _loaded(monkeypatch, {"1": {"url": "postgresql://u:p%40ss@other/d"}})
    assert {"p%40ss", "p@ss", "postgresql://u:p%40ss@other/d"} <= set(settings.secrets())
    assert "p%40ss" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "p%40ss" not in repr(settings.all_cells())
