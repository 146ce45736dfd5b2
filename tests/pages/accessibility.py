"""Looks at a page with axe: every rule of WCAG 2.2 A and AA, and axe's best practices."""

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

from pages.chromium import DEVICES

_ALL: dict[str, Any] = {"rules": {"target-size": {"enabled": True}}}
"""WCAG 2.2's size of targets is off by default in axe."""
_OF_COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
LOOKS = (
    ("desk", "light", _ALL),
    ("desk", "dark", _OF_COLOURS),
    ("phone", "dark", _ALL),
    ("phone", "light", _OF_COLOURS),
)
"""Screens and colour schemes. Only the rules about colours depend on the scheme, so the others run once per screen."""


@dataclass(frozen=True)
class Finding:
    """What axe says of a page on one screen, in one colour scheme."""

    device: str
    scheme: str
    passed: int
    """Rules that the page keeps."""
    violations: tuple[str, ...]
    """Each rule that it breaks, with the elements that do."""
    unsure: tuple[str, ...]
    """Rules that axe cannot judge by itself."""


async def examine(page: Page) -> list[Finding]:
    """Examine the page that is open on all screens and in both colour schemes."""
    await page.evaluate(AXE_SCRIPT)
    findings = []
    for device, scheme, options in LOOKS:
        screen = DEVICES[device]
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": screen.width, "height": screen.height})
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        said = await page.evaluate("options => axe.run(document, options)", options)
        findings.append(
            Finding(
                device,
                scheme,
                len(said["passes"]),
                tuple(_described(rule) for rule in said["violations"]),
                tuple(rule["id"] for rule in said["incomplete"]),
            )
        )
    return findings


def _described(rule: dict[str, Any]) -> str:
    places = "; ".join(f"{' '.join(map(str, node['target']))}: {_reason(node)}" for node in rule["nodes"][:5])
    return f"{rule['id']} ({rule['impact']}, {len(rule['nodes'])} times): {places}"


def _reason(node: dict[str, Any]) -> str:
    checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
    return " / ".join(checks)[:300]
