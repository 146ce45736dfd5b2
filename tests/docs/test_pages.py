"""What the documents name is there: pages, headings, files, make targets, metrics, alerts."""

import ast
import re

import pytest

from docs.pages import PAGES, ROOT, anchors, blocks, code_words, links, prose

_TEST = re.compile(r"(tests/[\w./-]+\.py)::(\w+)")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_FILE = re.compile(r"(?:src|tests|docs|deploy|requirements|\.ci)/[\w./-]*\w/?")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_link_leads_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_every_file_that_is_named_exists(page):
    named = [word for word in code_words(page) if _FILE.fullmatch(word)]
    assert [word for word in named if not (ROOT / word).exists()] == []


@each_page
def test_every_test_that_is_named_exists(page):
    """As `tests/folder/test_module.py::test_name`."""
    for path, name in (match.groups() for word in code_words(page) if (match := _TEST.fullmatch(word))):
        defined = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, _FUNCTIONS)}
        assert name in defined, f"{path}::{name}"


def test_every_story_of_reading_has_its_test():
    stories = re.split(r"^### ", (ROOT / "docs" / "reading.md").read_text(), flags=re.MULTILINE)[1:]
    assert [story.splitlines()[0] for story in stories if not re.search(r"^\* `tests/.*::", story, re.MULTILINE)] == []


@each_page
def test_every_make_target_that_is_named_exists(page):
    typed = "".join(block.text for block in blocks(page) if block.language in {"sh", "console"})
    named = re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z0-9-]+)", typed, re.MULTILINE)
    named += [word.split()[1] for word in code_words(page) if re.fullmatch(r"make [a-z0-9-]+", word)]
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(set(named) - set(targets)) == []


@each_page
def test_every_metric_that_is_named_exists(page):
    exported = set(re.findall(r'"(holdfast_\w+)"', _sources()))
    exported |= set(re.findall(r"holdfast_\w+", (ROOT / "deploy" / "postgres" / "roles.sql").read_text()))
    named = {word for word in code_words(page) if re.fullmatch(r"holdfast_[a-z_]+", word)}
    assert sorted(named - exported) == []


@each_page
def test_no_heading_stands_twice(page):
    titles = re.findall(r"^#+ .+$", prose(page), re.MULTILINE)
    repeated = {title for title in titles if titles.count(title) > 1 and not title.startswith("### ")}
    assert repeated == set()


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert [str(page) for page in PAGES if page not in listed and page != index] == []


def test_every_alert_has_its_section():
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    wanted = re.findall(r"operations\.md#([\w-]+)", rules)
    assert wanted
    assert sorted(set(wanted) - anchors(ROOT / "docs" / "operations.md")) == []
    alerts = set(re.findall(r"alert: (\w+)", rules))
    assert sorted(alerts - set(re.findall(r"Holdfast\w+", prose(ROOT / "docs" / "operations.md")))) == []


def _sources() -> str:
    folder = (ROOT / "src" / "holdfast" / "telemetry").glob("*.py")
    return "".join(path.read_text() for path in folder)
