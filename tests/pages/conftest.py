"""A browser and a running Holdfast for the tests of the pages, both for all tests of a process.

Each test opens contexts of its own, which share nothing: they are its visitors.
"""

import contextlib
import inspect
import os
import signal
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from api.serving import Api, api_with
from databases import create, drop
from embedded.run_of_its_own import CHECKOUT, END_SECONDS, Run
from holdfast.infrastructure.embedded.process import wait_until
from holdfast.web.kit.languages import LANGUAGES
from pages.buyer import Buyer
from pages.chromium import new_context, open_chromium, require_chromium
from pages.house import House
from pages.watching import Watch
from pages.words import Words

_HERE = Path(__file__).parent
_PICTURES = CHECKOUT / "build" / "pages"
_SECONDS_MAX = 120
_REDIS_FIRST = 32
"""The lower numbers are those of `redis_url`, which empties its database before each test."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests of this folder, which all share one event loop with the browser."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.pages)
            item.add_marker(pytest.mark.timeout(_SECONDS_MAX))
            if inspect.iscoroutinefunction(item.obj):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_generate_tests(metafunc):
    """Tell each story in one of the languages, half of them in each, and in both where it is about what is said.

    The walk visits every page (`make pages-axe` in both languages), and every text has its translation
    (`tests/web/kit`).
    """
    if "words" in metafunc.fixturenames:
        of_name = LANGUAGES[zlib.crc32(metafunc.function.__name__.encode()) % 2]
        both = metafunc.definition.get_closest_marker("both_languages")
        metafunc.parametrize("words", LANGUAGES if both else (of_name,), indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[_failed] = report.failed
    return report


_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def pages_database(servers, _template, _in_own_loop):
    name = _in_own_loop(create(servers.postgres_url, _template))
    yield servers.database(name)
    _in_own_loop(drop(servers.superuser_url, name))


@pytest.fixture(scope="session")
def pages_redis(servers) -> str:
    if not servers.redis_url:
        pytest.skip("no redis-server or valkey-server is installed")
    return f"{servers.redis_url}/{_REDIS_FIRST + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}"


@pytest.fixture(scope="session")
def running(pages_database, pages_redis, tmp_path_factory):
    """`holdfast run` on the servers of the test run."""
    require_chromium()
    folder = tmp_path_factory.mktemp("house") / "data"
    command = (sys.executable, "-m", "holdfast", "run", "--end-with", str(os.getpid()))
    run = Run(
        folder, command, DATABASE_URL=pages_database, REDIS_URL=pages_redis, HOST="127.0.0.1", LOG_LEVEL="WARNING"
    )
    try:
        yield run.ready()
    finally:
        run.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(Exception):
            run.process.communicate(timeout=END_SECONDS)
        for pid in [run.process.pid, *run.left()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not run.left(), END_SECONDS)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(running, pages_database) -> AsyncIterator[House]:
    origin = f"http://127.0.0.1:{running.port}"
    async with httpx.AsyncClient(base_url=origin, timeout=20) as http:
        yield House(origin, Api(http), pages_database)


@pytest_asyncio.fixture(loop_scope="session")
async def another_house(pages_database, pages_redis, watch):
    """Start another node on the same database: `await another_house(hold_seconds=5)`."""
    async with contextlib.AsyncExitStack() as nodes:

        async def start(**settings) -> House:
            watch.expect("net::ERR_INCOMPLETE_CHUNKED_ENCODING")  # the node ends before the browser does
            given = {"database_url": pages_database, "redis_url": pages_redis} | settings
            api = await nodes.enter_async_context(api_with(**given))
            return House(str(api.http.base_url).rstrip("/"), api, pages_database)

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser


@pytest.fixture
def words(request) -> Words:
    """The test's language (`pytest_generate_tests`)."""
    return Words(request.param)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(chromium, house, watch, request):
    """Open a visitor's browser and return its first page: `await visitor(language="ja", device="phone")`.

    At the end of the test nothing may have happened on any page that no page may do (`Watch`).
    """
    contexts = []

    async def visit(at: House = house, **wanted) -> Page:
        context = await new_context(chromium, at.origin, **wanted)
        contexts.append(context)
        watch.over(context, at.origin)
        return await context.new_page()

    yield visit
    if request.node.stash.get(_failed, False):
        _PICTURES.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(page for context in contexts for page in context.pages):
            with contextlib.suppress(Exception):
                await page.screenshot(path=_PICTURES / f"{request.node.name}-{number}.png")
    for context in contexts:
        await context.close()
    watch.require_nothing()


@pytest.fixture
def buyer(visitor, words):
    """Somebody with a browser of their own, in the test's language: `await buyer(device="phone")`."""

    async def come(**wanted) -> Buyer:
        return Buyer(await visitor(language=words.language, **wanted), words, touch=wanted.get("device") == "phone")

    return come
