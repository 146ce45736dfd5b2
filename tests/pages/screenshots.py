"""`make screenshots`: take the pictures of docs/screenshots from a run of its own, in English and Japanese.

PYTHONPATH=tests python -m pages.screenshots [--out DIR]
"""

import argparse
import asyncio
import io
import random
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image
from playwright.async_api import Browser, Page

from api.serving import Api
from embedded.run_of_its_own import Run
from pages import hall_map
from pages.chromium import new_context, open_chromium
from pages.words import Words

_BYTES_MAX = 150_000
_QUALITIES = (90, 80, 65, 50)
_OUT = Path("docs/screenshots")
_TAKEN_SHARE = 0.45
_FIRST_KEPT, _LAST_KEPT = 105, 114
"""Seats of row E that are left for the visitors of the pictures."""


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows, and who looks at it."""

    name: str
    take: Callable[[Page, "Scene", Words], Awaitable[object]]
    """Brings the page into the state that is shown."""
    device: str = "desk"
    languages: Sequence[str] = ("en", "ja")
    scheme: str = "light"


@dataclass(frozen=True)
class Scene:
    """The run that the pictures are taken of."""

    event_id: str
    seats: dict[str, str]
    """Ids of seats by number."""


async def event(page: Page, scene: Scene, _words: Words) -> None:
    """The event's page with two seats chosen on the map."""
    await hall_map.open_map(page, scene.event_id)
    for first in range(_FIRST_KEPT, _LAST_KEPT, 2):
        pair = [scene.seats[f"stalls-E-{number}"] for number in (first, first + 1)]
        if [await hall_map.state(page, seat_id) for seat_id in pair] == ["free", "free"]:
            await page.evaluate(f"ids => {hall_map.MAP}.select(ids)", pair)
            break
    await page.wait_for_timeout(300)


async def held(page: Page, scene: Scene, words: Words) -> None:
    """A hold with its countdown."""
    await event(page, scene, words)
    await page.get_by_role("button", name=words("Continue"), exact=True).first.click()
    await page.wait_for_url("**/reservations/*")


async def ticket(page: Page, scene: Scene, words: Words) -> None:
    """Tickets with their codes."""
    await held(page, scene, words)
    await page.get_by_role("button", name=words("Book these seats"), exact=True).click()
    await page.get_by_role("link", name=words("Show the tickets"), exact=True).click()
    await page.wait_for_url("**/ticket*")


async def live(page: Page, scene: Scene, words: Words) -> None:
    """The live sale, as its organiser sees it."""
    await _sign_in(page, words)
    await page.goto(f"/organise/events/{scene.event_id}/live")


async def hall(page: Page, scene: Scene, words: Words) -> None:
    """The hall builder with its preview."""
    await _sign_in(page, words)
    await page.goto(f"/organise/events/{scene.event_id}/hall/sections/new")
    await page.wait_for_timeout(500)


async def _sign_in(page: Page, words: Words) -> None:
    await page.goto("/organise")
    await page.get_by_role("button", name=words("Continue as the organiser")).click()


PICTURES = (
    Picture("event", event),
    Picture("event-phone", event, device="phone"),
    Picture("event-dark", event, languages=("en",), scheme="dark"),
    Picture("hold-phone", held, device="phone"),
    Picture("ticket-phone", ticket, device="phone"),
    Picture("live-sale", live),
    Picture("hall-builder", hall),
)


async def make_all(origin: str, out: Path, only: Sequence[str]) -> None:
    """Take all pictures of a server that has been started with nothing in it but the sample event."""
    async with httpx.AsyncClient(base_url=origin, timeout=30) as http, open_chromium() as browser:
        scene = await _set(Api(http))
        for picture in PICTURES:
            for language in picture.languages:
                if not only or picture.name in only:
                    shot = await _shot(browser, origin, picture, language, scene)
                    _keep(out / f"{picture.name}.{language}.webp", shot)


async def _shot(browser: Browser, origin: str, picture: Picture, language: str, scene: Scene) -> bytes:
    context = await new_context(browser, origin, language=language, device=picture.device, scheme=picture.scheme)
    page = await context.new_page()
    await picture.take(page, scene, Words(language))
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    shot = await page.screenshot(animations="disabled", caret="hide")
    await context.close()
    return shot


def _keep(path: Path, shot: bytes) -> None:
    path.write_bytes(_small(shot))
    sys.stderr.write(f"{path}: {path.stat().st_size:,} bytes\n")


def _small(png: bytes) -> bytes:
    """Compress a picture with the best quality that fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in _QUALITIES:
        made = io.BytesIO()
        picture.save(made, "WEBP", quality=quality, method=6)
        if made.tell() <= _BYTES_MAX:
            return made.getvalue()
    raise ValueError(f"the picture has {made.tell():,} bytes at the lowest quality")


async def _set(api: Api) -> Scene:
    """Sell a good part of the sample event, as buyers do: neighbours, the best seats first."""
    event_id = (await api.get("/events")).json()[0]["id"]
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    dice = random.Random(12)
    kept = {f"stalls-E-{number}" for number in range(_FIRST_KEPT, _LAST_KEPT + 1)}
    for row in _rows(seats):
        at = 0
        while at < len(row):
            size = dice.choice((1, 2, 2, 2, 3, 4))
            party = row[at : at + size]
            at += size
            if dice.random() < _TAKEN_SHARE and not any(seat["seat_number"] in kept for seat in party):
                user = f"buyer-{dice.randrange(10**6):06}"
                made = await api.reserve(event_id, [seat["id"] for seat in party], user=user)
                if dice.random() < 0.9:
                    await api.confirm(made.json()["id"], user=user)
    return Scene(event_id, {seat["seat_number"]: seat["id"] for seat in seats})


def _rows(seats: list[dict]) -> list[list[dict]]:
    rows: dict[tuple[str, str], list[dict]] = {}
    for seat in seats:
        if seat.get("row"):
            rows.setdefault((seat["section"], seat["row"]), []).append(seat)
    return list(rows.values())


def main(words: Sequence[str]) -> None:
    """Start a run with an empty folder, take the pictures, end it."""
    parser = argparse.ArgumentParser(prog="pages.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--only", nargs="+", default=(), choices=[picture.name for picture in PICTURES])
    asked = parser.parse_args(words)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        run = Run(Path(folder) / "data", HOST="127.0.0.1").ready()
        try:
            asyncio.run(make_all(f"http://127.0.0.1:{run.port}", asked.out, asked.only))
        finally:
            run.process.send_signal(signal.SIGTERM)
            run.ended()


if __name__ == "__main__":
    main(sys.argv[1:])
