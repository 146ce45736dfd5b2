"""`make pages-axe`: after the walk over all pages, write what axe found to docs/pages-accessibility.md."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

_FOUND = Path("build/pages/axe")
_OUT = Path("docs/pages-accessibility.md")
_HEAD = """# Accessibility of the pages

`make pages-axe` writes this page. axe {version} looked at every page in each state that it can show, in both
languages, on a desk and on a phone, in the light and the dark scheme. What that means, and what it cannot find, is in
[pages.md](pages.md#accessibility).

{visits} visits of {pages} pages: **{violations} violations**. “Kept” is how many rules applied to a page and were kept.
“Unsure” counts what axe leaves to people: {unsure}.

| page | states | visits | kept | violations | unsure |
|---|---|---:|---:|---:|---:|
"""


def main() -> int:
    """Write the report; return 1 if there are violations."""
    rows, visits, broken, unsure = [], 0, 0, Counter[str]()
    for path, states in _pages():
        findings = [finding for of_state in states.values() for finding in of_state]
        violations = sum(len(finding["violations"]) for finding in findings)
        doubts = Counter(rule for finding in findings for rule in finding["unsure"])
        kept = max(finding["passed"] for finding in findings)
        names = ", ".join(sorted({state for state in states if state})) or "one"
        rows.append(
            f"| `{path}` | {names.replace('_', ' ')} | {len(findings)} | {kept} | {violations} | {doubts.total()} |\n"
        )
        visits += len(findings)
        broken += violations
        unsure += doubts
    said = ", ".join(f"`{rule}` {count} times" for rule, count in unsure.most_common()) or "nothing"
    head = _HEAD.format(version=_version(), visits=visits, pages=len(rows), violations=broken, unsure=said)
    _OUT.write_text(head + "".join(rows), encoding="utf-8")
    sys.stderr.write(f"written: {_OUT}\n")
    return 1 if broken else 0


def _version() -> str:
    found = re.search(r"axe v([0-9.]+)", AXE_SCRIPT[:200])
    return found[1] if found else ""


def _pages() -> Iterator[tuple[str, dict[str, list[dict]]]]:
    """Yield each page's path and what was found there, by state, in all languages."""
    pages: dict[str, dict[str, list[dict]]] = {}
    for file in sorted(_FOUND.glob("*.json")):
        told = json.loads(file.read_text())
        states = pages.setdefault(told["path"], {})
        for state, findings in told["states"].items():
            states.setdefault(state, []).extend(findings)
    yield from sorted(pages.items())


if __name__ == "__main__":
    sys.exit(main())
