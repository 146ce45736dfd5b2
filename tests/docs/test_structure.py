"""The bounds of CONTRIBUTING.md on how large a module and a room may be."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 300
MODULES_MAX = 20
FOLDERS = sorted({path.parent for room in ("src/holdfast", "chaos", "onsale") for path in (ROOT / room).rglob("*.py")})


def modules_of(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def test_there_are_rooms():
    assert len(FOLDERS) > 40


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_room_is_taken_in_at_a_glance(folder):
    modules = modules_of(folder)
    assert len(modules) <= MODULES_MAX, "split the folder by what its modules are for"
    long = {path.name: lines for path in modules if (lines := len(path.read_text().splitlines())) > LINES_MAX}
    assert long == {}, "split the module by what its parts are for"
