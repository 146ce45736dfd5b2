"""Scripts are sent without comments, and otherwise as they are."""

import re
from pathlib import Path

import pytest

import holdfast.web
from holdfast.web.kit.scripts import without_comments

SCRIPTS = sorted((Path(holdfast.web.__file__).parent / "static").rglob("*.js"))


def test_comments_and_indentation_are_left_out():
    script = """/**
 * What it is for.
 * @param {number} a
 */
export function f(a) {
  // Why.
  const url = "https://example.org/*"; // stays
  const b = /** @type {Record<string, number>} */ ({});

  /* In
     two lines. */
  return `${a} // ${url}` + b;
}
"""
    assert without_comments(script) == (
        "export function f(a) {\n"
        'const url = "https://example.org/*"; // stays\n'
        "const b = ({});\n"
        "return `${a} // ${url}` + b;\n"
        "}\n"
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_literal_of_a_script_goes_over_lines(script):
    """Or its spaces would be lost. A comment within a line of code would stay, so the next line is looked at too."""
    sent = without_comments(script.read_text())
    assert [line for line in sent.splitlines() if line.count("`") % 2] == []
    assert not re.search(r"^\s*\*", sent, re.MULTILINE), "a comment begins within a line of code"
