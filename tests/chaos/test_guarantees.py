"""Every sentence of docs/guarantees.md names a test or a fault that is there, and every fault stands behind one."""

import re
from pathlib import Path

import chaos.faults  # noqa: F401 - enters the catalogue
import pytest
from chaos.account import Account, skipped
from chaos.trial import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("|").split(" | ")
    for line in PAGE.split("## Assumed")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| promise")
]


def _named(text):
    words = re.findall(r"`([^`]+)`", text)
    return (
        {word for word in words if word.startswith("tests/")},
        {word for word in words if not word.startswith("tests/")},
    )


def _has_tests(module):
    """Hypothesis makes a test case of a whole state machine; such a module has no test functions."""
    return "def test_" in module or ".TestCase" in module


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:60])
def test_each_promise_names_tests_and_faults_that_exist(row):
    tests, faults = _named(row[1])
    assert tests or faults
    assert [path for path in tests if not (ROOT / path).is_file()] == []
    assert sorted(faults - CATALOGUE.keys()) == []
    assert [path for path in tests if not _has_tests((ROOT / path).read_text(encoding="utf-8"))] == []


def test_every_fault_stands_behind_a_promise():
    named = set().union(*(_named(row[1])[1] for row in ROWS))
    assert sorted(CATALOGUE.keys() - named) == []


def test_the_catalogue_is_large_enough_and_so_is_its_quick_part():
    assert len(CATALOGUE) >= 75
    quick = [fault.name for fault in CATALOGUE.values() if fault.quick]
    assert len(quick) >= 20
    assert any(name.startswith("chosen-") for name in quick), "the self-test injects errors into chosen seats"


def test_a_skipped_fault_does_not_count_as_tried():
    account = Account(seed=1, machine="a test")
    account.results.append(skipped(next(iter(CATALOGUE.values())), "it lacks a disk"))
    assert not account.passed
    assert account.last_line() == (
        "chaos: 0 faults, 0 operations, 0 acknowledged, 0 lost, 0 sold twice, 0 internal errors"
    )


def test_what_is_shipped_has_no_fail_points():
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert not any(re.search(r"\bchaos\b|fail_?point", source, re.IGNORECASE) for source in sources)
