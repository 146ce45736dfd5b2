"""Every page of the table: no violation of the rules of accessibility on any screen.

`make pages-axe` visits each in both languages; `make pages-test`, which has less time, every other one in Japanese.
"""

import json
import os
from dataclasses import asdict

import pytest
import pytest_asyncio

from box_office import open_engine
from embedded.run_of_its_own import CHECKOUT
from pages.accessibility import Finding, examine
from pages.stage import WALKED, Stage, set_stage

_FINDINGS = CHECKOUT / "build" / "pages" / "axe"
_LANGUAGES = ("en", "ja")
_BOTH = "WALK_IN_BOTH_LANGUAGES" in os.environ
VISITS = [
    pytest.param(page, language, id=f"{page.name}-{language}")
    for number, page in enumerate(WALKED)
    for place, language in enumerate(_LANGUAGES)
    if _BOTH or (number + place) % 2 == 0
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(house) -> Stage:
    async with open_engine(house.database_url) as engine:
        return await set_stage(house, engine)


@pytest.mark.parametrize(("page", "language"), VISITS)
async def test_anybody_can_use(visitor, stage, page, language):
    browser = await visitor(language=language)
    await stage.admit(browser.context, page)
    found = {}
    for state, address in stage.addresses(page):
        found[state] = await _found_at(browser, address, language)
    _judge(page.name, page.path, language, found)


@pytest.mark.parametrize("language", _LANGUAGES)
async def test_anybody_can_use_the_page_of_a_refusal(visitor, watch, language):
    watch.expect_statuses(404)
    browser = await visitor(language=language)
    _judge("refusal", "/nothing-here", language, {"": await _found_at(browser, "/nothing-here", language, status=404)})


def test_the_walk_covers_the_pages():
    assert len(WALKED) >= 20


async def _found_at(browser, address, language, *, status=200) -> list[Finding]:
    answer = await browser.goto(address, wait_until="load")
    assert answer.status == status, f"{address} answers {answer.status}"
    assert await browser.evaluate("document.documentElement.lang") == language
    return await examine(browser)


def _judge(name: str, path: str, language: str, found: dict[str, list[Finding]]) -> None:
    """Keep what was found for the report, and fail if a rule is broken."""
    _FINDINGS.mkdir(parents=True, exist_ok=True)
    kept = {state: [asdict(finding) for finding in findings] for state, findings in found.items()}
    (_FINDINGS / f"{name}.{language}.json").write_text(json.dumps({"path": path, "states": kept}))
    broken = [
        f"{state or path} on a {finding.device}, {finding.scheme}: {violation}"
        for state, findings in found.items()
        for finding in findings
        for violation in finding.violations
    ]
    assert broken == [], "\n".join(broken)
