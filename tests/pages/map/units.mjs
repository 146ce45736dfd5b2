// The modules of the map that need no browser, tested with Node.js: `test_units.py` runs this with layouts of halls.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Board } from "./map/board.js";
import { tapOn } from "./map/choice.js";
import { Flow } from "./map/flow.js";
import { Grid } from "./map/grid.js";
import { isInside, measure, middleOf } from "./map/hall.js";
import { decode } from "./map/layout.js";
import { apart, contrast, parse, readable } from "./map/palette.js";
import { parser } from "./map/stream.js";
import { View } from "./map/view.js";
import { endOfRow, section, step } from "./map/walk.js";

const cases = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf-8"));

/** A generator of random numbers with a seed, so that a failure can be played again. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

for (const { name, layout, seats } of cases) {
  test(`every seat of ${name} is read as Python reads it`, () => {
    const chart = decode(layout);
    const { origin: [left, top], unit } = layout;
    assert.equal(chart.seats, seats.length);
    seats.forEach((seat, place) => {
      const section = chart.sections[chart.sectionOf[place]];
      assert.equal(chart.ids.id(place), seat.id);
      assert.equal(chart.ids.place(seat.id), place);
      assert.equal(section.key || null, seat.section);
      assert.equal(layout.rows[chart.rowOf[place]].label ?? null, seat.row);
      assert.equal(chart.numberOf(place), seat.number);
      assert.equal(layout.categories[chart.categoryOf[place]]?.key ?? null, seat.category);
      assert.equal(Boolean(chart.flags[place] & 1), seat.accessible ?? false);
      assert.equal(Boolean(chart.flags[place] & 2), seat.restricted_view ?? false);
      const other = chart.companions.get(place);
      assert.equal(other === undefined ? null : chart.ids.id(other), seat.companion_of ?? null);
      if (!seat.at) return assert(Number.isNaN(chart.xs[place]));
      assert(Math.abs(chart.xs[place] - (seat.at[0] - left) / unit) < 0.1);
      assert(Math.abs(chart.ys[place] - (seat.at[1] - top) / unit) < 0.1);
    });
    assert.equal(chart.ids.place("019a0000-0000-7000-8000-ffffffffffff"), -1);
    assert.equal(chart.ids.place("no id"), -1);
  });

  test(`every seat of ${name} has a place on the map, and is found there`, () => {
    const hall = measure(decode(layout));
    const { xs, ys, sections, sectionOf } = hall.chart;
    for (let place = 0; place < hall.chart.seats; place += 1 + Math.floor(hall.chart.seats / 500)) {
      if (sections[sectionOf[place]].area) continue;
      assert(xs[place] >= hall.box.left && xs[place] <= hall.box.right);
      assert(ys[place] >= hall.box.top && ys[place] <= hall.box.bottom);
      const found = hall.grid.nearest(xs[place], ys[place], 0.01);
      assert(Math.hypot(xs[found] - xs[place], ys[found] - ys[place]) <= 0.01);
    }
    for (const part of hall.parts) if (part.section.area) assert(isInside(part.outline, ...part.middle));
  });

  test(`with arrow keys one comes to every section of ${name}, and back along a row`, () => {
    const hall = measure(decode(layout));
    const all = () => true;
    const reached = new Set();
    let stop = section(hall, -1, 1, all, all);
    for (let at = 0; stop && at < hall.parts.length; at++) {
      reached.add("part" in stop ? stop.part : hall.chart.sectionOf[stop.place]);
      stop = section(hall, "part" in stop ? stop.part : hall.chart.sectionOf[stop.place], 1, all, all);
    }
    assert.equal(reached.size, hall.parts.filter((part) => part.section.seats).length);
    const { firsts, rowOf } = hall.chart;
    const row = firsts.findIndex((first, at) => firsts[at + 1] - first > 3 && !Number.isNaN(hall.chart.xs[first]));
    if (row < 0) return;
    const first = endOfRow(hall, firsts[row], false);
    const last = endOfRow(hall, first, true);
    assert.deepEqual([first, last].sort((a, b) => a - b), [firsts[row], firsts[row + 1] - 1]);
    const by = [1, -1].find((one) => rowOf[first + one] === row);
    assert.equal(endOfRow(hall, last, false), first);
    assert(by === 1 || by === -1);
  });
}

test("arrow keys go along a straight row and to the nearest seat of the next", () => {
  const hall = measure(decode(cases.find(({ name }) => name === "two rows").layout));
  const all = () => true;
  assert.deepEqual(step(hall, { place: 0 }, 1, 0, all), { place: 1 });
  assert.deepEqual(step(hall, { place: 1 }, -1, 0, all), { place: 0 });
  assert.deepEqual(step(hall, { place: 2 }, 0, 1, all), { place: 12 });
  assert.deepEqual(step(hall, { place: 12 }, 0, -1, all), { place: 2 });
  assert.equal(step(hall, { place: 0 }, 0, -1, all), null);
});

/**
 * The server, as far as a flow can see it: a log, bits at the time of the answer or before, but never before the
 * request, and frames that reach from one version to another.
 */
class Server {
  constructor(seats, next) {
    this.next = next;
    this.states = [new Uint8Array(seats)];
  }

  get version() {
    return this.states.length - 1;
  }

  sell() {
    const codes = this.states[this.version].slice();
    for (let at = 0; at < 1 + this.next() * 3; at++) codes[Math.floor(this.next() * codes.length)] = Math.floor(this.next() * 4);
    this.states.push(codes);
  }

  frame(from, to) {
    // Each seat that was changed is named, even if it is again as it was.
    const places = new Set();
    for (let version = from + 1; version <= to; version++) {
      this.states[version].forEach((code, place) => code !== this.states[version - 1][place] && places.add(place));
    }
    return { version: to, changes: [...places].map((place) => [place, this.states[to][place]]) };
  }

  bits(version) {
    const codes = this.states[version];
    const bytes = new Uint8Array(Math.ceil(codes.length / 4));
    codes.forEach((code, place) => (bytes[place >> 2] |= code << (2 * (place & 3))));
    return bytes;
  }
}

test("whatever the order in which bits and frames come, the statuses are those of their version", () => {
  for (let seed = 0; seed < 400; seed++) {
    const next = random(seed);
    const server = new Server(13, next);
    const flow = new Flow(13);
    const shown = new Uint8Array(13);
    let sent = 0; // The version up to which the stream has sent.
    let stream = false;
    let requests = [];
    const show = (places) => {
      for (const place of places ?? []) shown[place] = flow.codes[place];
      // What is drawn follows from the places that are named, and it is a state that was.
      assert.deepEqual(shown, flow.codes, `seed ${seed}`);
      if (!flow.broken) assert.deepEqual(flow.codes, server.states[flow.version], `seed ${seed}: version ${flow.version}`);
    };
    const ask = () => requests.push({ asked: flow.ask(), since: server.version });
    const open = () => {
      stream = true;
      sent = server.version;
      if (flow.hello(sent)) ask();
    };
    for (let turn = 0; turn < 60; turn++) {
      const chance = next();
      if (chance < 0.35) server.sell();
      else if (chance < 0.6 && stream && sent < server.version) {
        const to = sent + 1 + Math.floor(next() * (server.version - sent));
        const frame = server.frame(sent, to);
        sent = to;
        show(flow.frame(frame.version, frame.changes));
      } else if (chance < 0.8 && requests.length) {
        const [{ asked, since }] = requests.splice(Math.floor(next() * requests.length), 1);
        const version = since + Math.floor(next() * (server.version - since + 1));
        if (next() < 0.2) flow.failed(asked);
        else show(flow.bits(asked, version, server.bits(version)));
      } else if (chance < 0.86 && !stream) open();
      else if (chance < 0.9) stream = false;
      else if (chance < 0.93 && stream) {
        flow.reload();
        stream = false;
      } else if (chance < 0.97) ask();
    }
    // In the end everything arrives.
    open();
    requests.reverse();
    if (flow.broken) ask();
    for (const { asked, since } of requests) show(flow.bits(asked, since, server.bits(since)));
    if (sent < server.version) {
      const frame = server.frame(sent, server.version);
      show(flow.frame(frame.version, frame.changes));
    }
    assert.deepEqual(flow.codes, server.states[server.version], `seed ${seed}`);
  }
});

test("bits that were asked for before the stream was opened do not close its gap", () => {
  const flow = new Flow(4);
  const early = flow.ask();
  assert.equal(flow.hello(7), true);
  assert.equal(flow.bits(early, 5, Uint8Array.of(0)), null);
  const late = flow.ask();
  assert.deepEqual(flow.frame(8, [[1, 2]]), []);
  assert.deepEqual(flow.bits(late, 7, Uint8Array.of(0b01)), [0, 1]);
  assert.deepEqual([...flow.codes], [1, 2, 0, 0]);
  assert.deepEqual(flow.frame(8, [[1, 0]]), [], "a version that is known");
});

test("a stream is read in pieces of any size", () => {
  const text = ": heartbeat\n\nevent: hello\nid: 5\nid: 5-abc\ndata: {}\n\nevent: changes\r\nid: 6\r\ndata: a\r\ndata: b\r\n\r\n\n";
  for (let size = 1; size < text.length; size++) {
    const found = [];
    const feed = parser((message) => found.push(message));
    for (let at = 0; at < text.length; at += size) feed(text.slice(at, at + size));
    assert.deepEqual(found, [{ event: "hello", id: "5-abc", data: "{}" }, { event: "changes", id: "6", data: "a\nb" }]);
  }
});

test("the nearest seat is the one that a search of all finds", () => {
  const next = random(7);
  for (const [width, height] of [[100, 100], [1000, 1], [1, 0]]) {
    const xs = Float32Array.from({ length: 300 }, (_, at) => (at % 17 ? next() * width : NaN));
    const ys = Float32Array.from({ length: 300 }, () => next() * height);
    const grid = new Grid(xs, ys);
    for (let round = 0; round < 200; round++) {
      const [x, y, reach] = [next() * width, next() * height, next() * width * 0.1];
      let best = -1;
      let least = reach;
      xs.forEach((_, at) => {
        const far = Math.hypot(xs[at] - x, ys[at] - y);
        if (far <= least) [least, best] = [far, at];
      });
      assert.equal(grid.nearest(x, y, reach), best);
    }
  }
});

test("the view never loses the hall, and a zoom keeps the point under the fingers", () => {
  const next = random(3);
  const view = new View({ left: 0, top: 0, right: 2000, bottom: 900 }, 10);
  view.resize(390, 500);
  assert(view.whole);
  for (let round = 0; round < 500; round++) {
    if (next() < 0.5) view.pan((next() - 0.5) * 800, (next() - 0.5) * 800);
    else view.zoom(0.4 + next() * 2, next() * 390, next() * 500);
    const { left, top, right, bottom } = view.seen(0);
    assert(left < 2000 && right > 0 && top < 900 && bottom > 0);
    assert(view.scale >= view.least && view.scale <= view.most);
  }
  view.put(2, 1000, 450);
  const before = view.toHall(100, 200);
  view.zoom(1.3, 100, 200);
  const after = view.toHall(100, 200);
  assert(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-6);
  view.resize(700, 500);
  assert(!view.whole);
});

test("no seat stays under the buttons, above the hall or beside it", () => {
  const view = new View({ left: 0, top: 0, right: 1000, bottom: 1000 }, 10);
  view.resize(330, 370, { top: 56 });
  assert(view.toCanvas(0, 0)[1] >= 56, "the whole hall is below them");
  for (const covered of [{ top: 56 }, { right: 56 }]) {
    view.resize(330, 370, covered);
    view.zoom(5);
    view.pan(-5000, 5000);
    const [x, y] = view.toCanvas(1000, 0);
    assert("top" in covered ? y >= 56 : x <= 330 - 56, "the corner can be moved out from under them");
    view.fit(view.box);
  }
});

test("a party sits together, and a second tap takes one away", () => {
  const board = new Board(measure(decode(cases.find(({ name }) => name === "two rows").layout)));
  const codes = board.codes.slice();
  codes[3] = 2;
  board.take(codes, [3]);
  const limits = { max: 4, party: 3 };
  assert.deepEqual(tapOn(board, 5, limits), { add: [4, 5, 6], remove: [] });
  assert.deepEqual(tapOn(board, 4, limits), { add: [4, 5, 6], remove: [] });
  assert.deepEqual(tapOn(board, 1, limits), { add: [0, 1, 2], remove: [] });
  assert.equal(tapOn(board, 3, limits), "taken");
  for (const place of [4, 5, 6]) board.chosen.add(place);
  assert.deepEqual(tapOn(board, 5, limits), { add: [], remove: [5] });
  assert.deepEqual(tapOn(board, 7, limits), { add: [7], remove: [] });
  board.chosen.add(7);
  assert.equal(tapOn(board, 8, limits), "limit");
});

test("counts of free seats follow the statuses", () => {
  const next = random(11);
  const board = new Board(measure(decode(cases[0].layout)));
  const codes = board.codes.slice();
  for (let round = 0; round < 50; round++) {
    const places = Array.from({ length: 20 }, () => Math.floor(next() * codes.length));
    for (const place of places) codes[place] = Math.floor(next() * 4);
    board.take(codes, places);
  }
  const free = codes.filter((code) => code === 0).length;
  assert.equal(board.free, free);
  assert.equal(board.sections.reduce((sum, count) => sum + count.free, 0), free);
  assert.equal(board.categories.reduce((sum, count) => sum + count.free, 0), free);
});

test("every colour of a category stands out from light and dark paper, and numbers can be read on it", () => {
  const next = random(5);
  const papers = { "#ffffff": "#1d2126", "#15181c": "#eceef1" };
  for (let round = 0; round < 500; round++) {
    const color = `#${Math.floor(next() * 0x1000000).toString(16).padStart(6, "0")}`;
    for (const [paper, ink] of Object.entries(papers)) {
      const drawn = apart(parse(color), parse(paper), parse(ink), 3.2);
      assert(contrast(drawn, parse(paper)) >= 3, `${color} on ${paper}`);
      assert(contrast(readable(drawn), drawn) >= 4, `on ${color}`);
    }
  }
  assert.deepEqual(parse("rgb(1 2 3)"), [1, 2, 3]);
  assert.deepEqual(parse("color(srgb 1 0 0.5)"), [255, 0, 127.5]);
});

test("a section's name is inside it, though it is bent", () => {
  const outline = Float32Array.of(0, 0, 50, 30, 100, 0, 100, 20, 50, 50, 0, 20);
  const [x, y] = middleOf(outline, { left: 0, top: 0, right: 100, bottom: 50 });
  assert(isInside(outline, x, y));
});
