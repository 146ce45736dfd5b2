"""The parts of the map that need no browser, with layouts that Python has made and read."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import holdfast.web
from hall.charts import layout_of, read_layout, stored
from hall.test_layout import added_without_a_document
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, STADIUM_CATEGORIES, sample_hall, stadium

HERE = Path(__file__).parent
MODULES = Path(holdfast.web.__file__).parent / "static" / "js" / "map"
STD = [{"key": "std", "name": "Standard", "color": "#1f6feb", "price": 1}]


def node() -> str:
    """Return Node.js' path. Without it the tests are skipped, but in continuous integration they fail."""
    program = shutil.which("node")
    if program is None:
        message = "The tests of the map's modules need Node.js 20 or newer"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return program


def odd_hall() -> bytes:
    """Rows of every kind, an area, and no outline of anything."""
    rows = [
        {"label": "A", "count": 12, "start": [0, 0], "end": [220, 0]},
        {"label": "B", "count": 12, "start": [0, 30], "end": [220, 40], "bend": 0.2, "numbering": "even from right"},
        {"label": "C", "count": 9, "start": [220, 90], "end": [0, 90], "bend": -0.4,
         "exceptions": [{"seats": ["3", "4"], "missing": True}, {"seats": ["1"], "accessible": True},
                        {"seats": ["2"], "companion_of": "1"}, {"seats": ["9"], "restricted_view": True}]},
        {"label": "D", "numbers": ["1", "2a", "x"], "positions": [[0, 200], [30, 205], [31, 260]]},
        {"label": "", "count": 1, "start": [400, 400], "end": [400, 400]},
    ]  # fmt: skip
    return json.dumps(
        {
            "format": "holdfast-hall/1",
            "sections": [
                {"key": "s", "name": "Stalls", "category": "std", "rows": rows},
                {"key": "floor", "name": "Floor", "category": "std", "capacity": 40},
            ],
        }
    ).encode()


def two_rows() -> bytes:
    rows = [{"label": label, "count": 10, "start": [0, y], "end": [180, y]} for label, y in (("A", 0), ("B", 30))]
    section = {"key": "s", "name": "S", "category": "std", "rows": rows}
    return json.dumps({"format": "holdfast-hall/1", "sections": [section]}).encode()


def layouts() -> dict[str, bytes]:
    sample, large, odd, two = sample_hall(), stadium(20_000), read_hall(odd_hall()), read_hall(two_rows())
    categories = SAMPLE_CATEGORIES[:1]
    return {
        "the concert hall": layout_of(sample, SAMPLE_CATEGORIES, stored(sample)),
        "a stadium": layout_of(large, STADIUM_CATEGORIES, stored(large)),
        "an odd hall": layout_of(odd, categories, stored(odd)),
        "two rows": layout_of(two, categories, stored(two)),
        "seats without a hall": added_without_a_document([f"A-{at}" for at in range(1, 130)] + ["X", "Y"]),
    }


def test_the_modules_that_need_no_browser(tmp_path):
    cases = [{"name": name, "layout": json.loads(raw), "seats": read_layout(raw)} for name, raw in layouts().items()]
    (tmp_path / "cases.json").write_text(json.dumps(cases, default=str))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copytree(MODULES, tmp_path / "map")
    shutil.copy(HERE / "units.mjs", tmp_path)
    ran = subprocess.run(
        [node(), "--test", "units.mjs"],
        cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr[-2_000:]
