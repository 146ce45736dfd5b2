"""Measure the drawn map of 100,000 seats in Chromium, at a desk and on a phone (processor slowed down four times).

    .venv/bin/python tests/pages/map_speed.py [--json]

It prints a table: when the map is usable, how long the frames of panning and zooming take, how long 500 changed seats
take. The figures are of this machine; the budgets in the last column are those of an unloaded one.
"""

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from holdfast.web.kit.scripts import joined
from pages.chromium import DEVICES, new_context, open_chromium
from pages.map.site import WEB, serving

SLOWER = {"desk": 1, "phone": 4}
BUDGETS = {
    "desk": {"usable": 1_000, "frame p95": 17},
    "phone": {"usable": 2_500, "frame p95": 33},
}
BYTES_MAX = 28_000
RUNS = 5

MEASURE = """async () => {
  const wait = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const view = map.play.view, stage = map.play.stage, chart = map.board.hall.chart;
  const times = {};
  const timed = (name, draw) => {
    const began = performance.now();
    draw();
    // Reading a pixel waits for the drawing to be done.
    stage.canvas.getContext("2d").getImageData(0, 0, 1, 1);
    (times[name] ??= []).push(performance.now() - began);
  };
  const middle = 30_000;
  const draw = (name) => timed(name, () => { stage.change(() => {}); stage.paint(); });
  for (const [name, seat] of [["sections", 0], ["dots", 3.2], ["dots, larger", 4.8], ["discs", 8], ["numbers", 26]]) {
    view.put(seat / view.pitch, chart.xs[middle], chart.ys[middle]);
    draw("warm-up");
    for (let at = 0; at < 30; at++) {
      view.pan(7, at % 2 ? 5 : -4);
      draw(name);
      if (at % 6 === 5) await wait();
    }
  }
  view.put(0, chart.xs[middle], chart.ys[middle]);
  for (let at = 0; at < 60; at++) {
    view.zoom(at < 30 ? 1.15 : 1 / 1.15);
    draw("zooming");
    if (at % 6 === 5) await wait();
  }
  for (const [name, seat] of [["sections", 0], ["dots", 3.2], ["discs", 8], ["numbers", 26]]) {
    view.put(seat / view.pitch, chart.xs[middle], chart.ys[middle]);
    draw("warm-up");
    for (let round = 0; round < 10; round++) {
      const seen = [];
      const { left, top, right, bottom } = view.seen();
      map.board.hall.grid.ranges(left, top, right, bottom, (begin, end) => {
        for (let i = begin; i < end && seen.length < 500; i++) seen.push(map.board.hall.grid.items[i]);
      });
      const codes = map.board.codes.slice();
      for (const place of seen) codes[place] = codes[place] ? 0 : 1 + (round % 2);
      timed(`500 seats, ${name}`, () => { map.take(codes, seen); stage.paint(); });
      await wait();
    }
  }
  const began = performance.now();
  for (let at = 0; at < 90_000; at += 9) map.board.hall.grid.nearest(chart.xs[at] + 1, chart.ys[at] + 2, view.pitch);
  times["hit test"] = [(performance.now() - began) / 10_000];
  delete times["warm-up"];
  return times;
}"""
USABLE = "async () => { await window.ready; return performance.getEntriesByName('ready')[0].duration; }"


async def measure(device: str) -> dict[str, list[float]]:
    """Return milliseconds by what took them."""
    times: dict[str, list[float]] = {"usable": []}
    with serving() as site:
        stadium = site.events["stadium"]
        stadium.change({place: 1 + place % 2 for place in range(0, stadium.seats, 3)})
        async with open_chromium() as browser:
            for run in range(RUNS):
                context = await new_context(browser, site.origin, device=device)
                page = await context.new_page()
                session = await context.new_cdp_session(page)
                await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER[device]})
                await page.goto("/?hall=stadium")
                times["usable"].append(await page.evaluate(USABLE))
                if run == RUNS - 1:
                    times |= await page.evaluate(MEASURE)
                await context.close()
    return times


def share(values: list[float], of: float) -> float:
    """Return the value that this share of them does not exceed."""
    return sorted(values)[min(int(len(values) * of), len(values) - 1)]


def script_bytes() -> int:
    """Return what the map adds to a page's script on the wire."""
    modules = {file.name: file.read_text() for file in (WEB / "static/js/map").glob("*.js")}
    return len(gzip.compress(joined(modules)["map.js"].encode(), 9))


async def main() -> None:
    found: dict[str, Any] = {"script bytes, gzip": script_bytes()}
    for device in DEVICES:
        found[device] = await measure(device)
    sys.stdout.write(json.dumps(found) + "\n" if "--json" in sys.argv else table(found))


def table(found: dict[str, Any]) -> str:
    lines = [
        f"| what | {' | '.join(f'{device}, p50 | p95' for device in DEVICES)} | budget |",
        "|---|" + "---:|" * (2 * len(DEVICES)) + "---|",
    ]
    for name in found["desk"]:
        cells = [f"{share(found[device][name], of):.2f} ms" for device in DEVICES for of in (0.5, 0.95)]
        limits = [budget.get(name, budget["frame p95"]) for budget in BUDGETS.values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {', '.join(map(str, limits))} ms |")
    size = found["script bytes, gzip"]
    lines.append(f"\nThe modules of the map: {size:,} bytes with gzip (at most {BYTES_MAX:,})\n")
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
