"""Scripts are sent joined and without comments, and otherwise as they are."""

import re
from pathlib import Path

import pytest

import holdfast.web
from holdfast.web.kit.scripts import joined, without_comments

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


def test_a_pages_script_is_sent_with_all_that_it_imports():
    scripts = {
        "page/entry.js": (
            'import { a, b as c } from "../lib/one.js";\nimport { two } from "../lib/two.js";\nrun(a, c, two);\n'
        ),
        "page/small.js": "go();\n",
        "lib/one.js": 'import {\n  two,\n} from "./two.js";\nexport const a = two;\nexport async function b() {}\n',
        "lib/two.js": "const own = 1;\nexport class two {}\n",
    }
    assert joined(scripts) == {
        "page/entry.js": (
            "const $0 = (() => {\nconst own = 1;\nclass two {}\nreturn {two};\n})();\n"
            "const $1 = (() => {\nconst {\ntwo,\n} = $0;\n"
            "const a = two;\nasync function b() {}\nreturn {a, b};\n})();\n"
            "const { a, b: c } = $1;\nconst { two } = $0;\nrun(a, c, two);\n"
        ),
        "page/small.js": "go();\n",
    }


@pytest.mark.parametrize(
    "script",
    [
        "export default 1;",
        "export { a };",
        'import * as all from "./b.js";',
        'import a from "./b.js";',
        'export * from "./b.js";',
    ],
)
def test_what_cannot_be_joined_is_refused(script):
    with pytest.raises(ValueError, match=r"a\.js is not joined"):
        joined({"a.js": script + "\n", "b.js": "export const a = 1;\n"})


def test_imports_in_a_circle_and_of_nothing_are_refused():
    circle = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { c } from "./c.js";\n'}
    with pytest.raises(ValueError, match=r"b\.js imports c\.js, which is not there"):
        joined(circle)
    with pytest.raises(ValueError, match=r"c\.js imports b\.js, which imports it in turn"):
        joined(circle | {"c.js": 'import { b } from "./b.js";\n'})
