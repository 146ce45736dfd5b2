"""When the map of a large hall can be used, how long its pictures take, and how large its layout is."""

import httpx

from holdfast.bench.proportion.ground import Ground
from holdfast.bench.report.statistics import median, percentile
from pages.chromium import DEVICES, new_context, open_chromium
from pages.hall_map import MAP, open_map, until
from pages.map_speed import MEASURE, SLOWER
from pages.speed.figures import Figure
from pages.speed.stadium import open_stadium

_USABLE_MS_MAX = {"desk": 1_000, "phone": 2_500}
_FRAME_MS_MAX = {"desk": 17, "phone": 33}
_LAYOUT_KB_MAX = 100
_NO_FRAMES = ("500 seats", "hit test")
_READY = "performance.getEntriesByName('hall-map-ready')[0]?.startTime"


async def measure(on: Ground, *, seats: int, runs: int) -> list[Figure]:
    """Open the event's page some times on each screen, with an empty cache; move and zoom its map at all levels."""
    stadium = open_stadium(on, seats)
    figures = [_layout_size(on, stadium.id, seats)]
    async with open_chromium() as browser:
        for device in DEVICES:
            usable, times = [], {}
            for _ in range(runs):
                context = await new_context(browser, on.stack.url, device=device)
                page = await context.new_page()
                slow = await context.new_cdp_session(page)
                await slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER[device]})
                await open_map(page, stadium.id)
                await until(page, f"() => {_READY} !== undefined")
                usable.append(await page.evaluate(_READY))
                if len(usable) == runs:
                    times = await page.evaluate(f"() => {{ const map = {MAP}; return ({MEASURE})(); }}")
                await context.close()
            frames = [
                duration for name, several in times.items() if not name.startswith(_NO_FRAMES) for duration in several
            ]
            note = f"{device}, {seats:,} seats"
            figures += [
                Figure("Map usable, from the click on the event", median(usable), "ms", _USABLE_MS_MAX[device], note),
                Figure(
                    "A frame while moving and zooming, p95", percentile(frames, 0.95), "ms", _FRAME_MS_MAX[device], note
                ),
                Figure("The picture after 500 changed seats, p95", _p95(times, "500 seats"), "ms", None, note),
            ]
    return figures


def _layout_size(on: Ground, event_id: str, seats: int) -> Figure:
    with httpx.stream(
        "GET", f"{on.stack.url}/events/{event_id}/map/layout", headers={"Accept-Encoding": "gzip"}
    ) as got:
        size = sum(len(piece) for piece in got.iter_raw())
    return Figure("Layout of the hall, gzip", size / 1_000, "KB", _LAYOUT_KB_MAX, f"{seats:,} seats")


def _p95(times: dict[str, list[float]], kind: str) -> float:
    return percentile([one for name, several in times.items() if name.startswith(kind) for one in several], 0.95)
