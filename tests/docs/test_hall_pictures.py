"""The pictures of docs/halls.md are what `make hall-pictures` draws from the examples beside them."""

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hall.charts import read_layout

DOCS = Path(__file__).parents[2] / "docs"
BYTES_MAX = 40_000


def drawing():
    spec = importlib.util.spec_from_file_location("draw", DOCS / "halls" / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_are_those_that_the_command_draws():
    drawn = drawing().pictures()
    stored = {path.name: path.read_text() for path in (DOCS / "halls").glob("*.svg")}
    assert sorted(drawn) == sorted(stored)
    assert [name for name, picture in drawn.items() if picture != stored[name]] == [], "run `make hall-pictures`"


def test_every_picture_is_small_xml_and_is_shown_on_the_page():
    page = (DOCS / "halls.md").read_text()
    for path in (DOCS / "halls").glob("*.svg"):
        assert path.stat().st_size < BYTES_MAX, path.name
        ET.parse(path)
        assert f"(halls/{path.name})" in page


def test_every_document_on_the_page_has_its_picture():
    page = (DOCS / "halls.md").read_text()
    documents = re.findall(r'```json\n\{\s*"format": "holdfast-hall/1"', page)
    assert len(drawing().examples()) == len(documents) > 10


def test_the_layout_on_the_page_is_read_as_the_page_says():
    page = (DOCS / "halls.md").read_text()
    (layout,) = [block for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "holdfast-layout/1" in block]
    seats = read_layout(layout)
    assert seats[0]["at"] == pytest.approx((0, 0), abs=0.01)
    assert seats[19]["at"] == pytest.approx((400, 0), abs=0.01)
    assert seats[1]["companion_of"] == seats[0]["id"]
