"""Chromium as Debian packages it, driven by Playwright, with no network but this machine's own."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

PROGRAM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = (
    "--no-sandbox",  # root, as in most containers, may not use the sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Chromium's own traffic: updates of components, synchronisation, experiments. None of it may hold up a test.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
"""How long an expectation waits. It is generous, because nothing that is tested depends on it."""
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Device:
    """A screen, as a browser's context is opened for it."""

    width: int
    height: int
    pixel_ratio: int = 1
    touch: bool = False


DEVICES = {"desk": Device(1280, 800), "phone": Device(390, 740, pixel_ratio=2, touch=True)}
LOCALES = {"en": "en-GB", "ja": "ja-JP"}


def require_chromium() -> str:
    """Return Chromium's path. Without it the tests are skipped, but in continuous integration they fail."""
    if PROGRAM is None:
        message = "The tests of the pages need Chromium: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return PROGRAM


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """Start a browser with an empty profile of its own."""
    program = require_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


async def new_context(
    browser: Browser, origin: str, *, language="en", device="desk", scheme="light", javascript=True, **more
) -> BrowserContext:
    """Open a visitor's browser: cookies and storage of its own, a language, a screen, a colour scheme."""
    screen = DEVICES[device]
    context = await browser.new_context(
        base_url=origin,
        locale=LOCALES[language],
        timezone_id="Europe/London",  # not the events' zone, so that a time in the browser's zone is noticed
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=screen.pixel_ratio,
        has_touch=screen.touch,
        is_mobile=screen.touch,
        color_scheme=scheme,
        reduced_motion="reduce",
        java_script_enabled=javascript,
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context
