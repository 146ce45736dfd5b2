"""What is wrong with an imported hall is told in the reader's language."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import holdfast.domain
from holdfast.domain.complaint import complaint
from holdfast.web.kit.languages import words_of
from holdfast.web.organiser.faults import Faults
from web.organiser.desk import new_event, said
from web.visiting import Browser

DOMAIN = Path(holdfast.domain.__file__).parent
READERS = (*(DOMAIN / "hall").rglob("*.py"), DOMAIN / "legible.py", DOMAIN / "complaint.py")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


def _problems() -> set[str]:
    """Every problem that the code which reads halls can name, with 7 in place of what differs."""
    found = set()
    for path in READERS:
        for node in ast.walk(ast.parse(path.read_text())):
            is_refusal = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InvalidValue"
            if is_refusal and len(node.args) == 2:
                found |= _texts(node.args[1])
    return found


def _texts(node: ast.expr) -> set[str]:
    match node:
        case ast.Constant():
            return {node.value}
        case ast.JoinedStr():
            return {"".join(map(_piece, node.values))}
        case ast.IfExp():
            return _texts(node.body) | _texts(node.orelse)
    return set()  # it is the problem of another refusal, named again


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value
    if getattr(node.value, "id", "") == "parity":
        return "odd"
    return "7" if node.conversion == -1 else "'7'"


def _told(problem: str, language: str = "ja") -> str:
    return Faults(SimpleNamespace(words=words_of(language))).in_words(problem)


def test_all_problems_are_found():
    assert len(_problems()) > 60


@pytest.mark.parametrize("problem", sorted(_problems()))
def test_a_problem_of_a_file_is_told_in_japanese(problem):
    assert _JAPANESE.search(_told(problem)), "add it to `web/organiser/file_problems.py`, with its translation"
    assert "7" not in problem or "7" in _told(problem)


@pytest.mark.parametrize(
    "message",
    [
        "Expected `int`, got `str` - at `$.zones[0].rows`",
        "Expected `float`, got `null`",
        "Expected `object`, got `array`",
        "Object missing required field `zones`",
        "Object contains unknown field `zone`",
        "Expected `int` >= 1 - at `$.a`",
        "Expected `str` of length <= 30 - at `$.a`",
        "Expected `array` of length <= 30 - at `$.a`",
        "Expected `array` of length >= 1 - at `$.a`",
        "Expected `str` of length >= 1 - at `$.a`",
    ],
)
def test_a_wrong_kind_of_value_is_told_in_japanese(message):
    told = _told(str(complaint(message).data["problem"]))
    assert _JAPANESE.search(told), told
    assert not re.search("[a-z]{3}", told.replace("null", "")), told


@pytest.mark.parametrize(
    ("document", "english", "japanese"),
    [
        ("section,row,number,price\nA,A,1,5\nA,A,1,5\n", "line 3, column number: repeats the seat of line 2",
         "3行目の number 列: 2行目の座席と同じです"),
        ("section,row\n", "line 1: must have the column number", "1行目: number 列が必要です"),
    ],
)  # fmt: skip
async def test_the_page_names_place_and_problem(browser, document, english, japanese):
    await browser.sign_in_as_organiser()
    path = await new_event(browser)
    wish = {"format": "csv", "document": document}
    assert english in said(await browser.send(f"{path}/hall/import", wish))
    async with Browser(browser.url, language="ja") as other:
        await other.sign_in_as_organiser()
        assert japanese in said(await other.send(f"{path}/hall/import", wish))
        page = await other.send(f"{path}/hall/import", wish | {"prices": "S席 8000"})
        assert "1行目: 「S席 = 8000」のように" in said(page)
