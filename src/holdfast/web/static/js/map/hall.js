/** What a chart looks like as a whole: places for seats that have none, distances, outlines, boxes, floors. */

import { Grid } from "./grid.js";

/**
 * @typedef {import("./layout.js").Chart} Chart
 * @typedef {import("./view.js").Box} Box
 *
 * @typedef {object} Part What is drawn of a section.
 * @property {import("./layout.js").Section} section
 * @property {Float32Array} outline In steps.
 * @property {Box} box
 * @property {[number, number]} middle Where its name is.
 * @property {number} category Of most of its seats; -1 for none.
 * @property {number} pitch From seat to seat.
 *
 * @typedef {{chart: Chart, grid: Grid, parts: Part[], box: Box, pitch: number, stacked: boolean}} Hall
 *   `stacked`: its floors lie on top of each other, so only one of them can be shown.
 */

const SEATS_IN_LINE = 40;
const SAMPLE = 48;

/**
 * @param {Chart} chart
 * @returns {Hall}
 */
export function measure(chart) {
  const [width, height] = chart.layout.size;
  /** @type {Box} */
  const box = { left: 0, top: 0, right: width, bottom: height };
  arrange(chart, box);
  const grid = new Grid(chart.xs, chart.ys);
  const pitches = chart.sections.map((section) => pitchOf(section, chart, grid));
  const known = pitches.flatMap((pitch, at) => (pitch ? [{ pitch, seats: chart.sections[at].seats }] : []));
  const pitch = median(known) || Math.max(box.right, box.bottom, 1) / 40;
  const parts = chart.sections.map((section, at) => partOf(section, chart, pitches[at] || pitch));
  for (const part of parts) enclose(box, part.box);
  return { chart, grid, parts, box, pitch, stacked: chart.layout.floors.length > 1 && areStacked(parts) };
}

/**
 * Give places to rows that have none, in lines under the rest: seats are also added without a hall.
 * @param {Chart} chart
 * @param {Box} box
 */
function arrange(chart, box) {
  const { xs, ys, firsts, sections } = chart;
  const bare = sections.filter((section) => !section.area && section.rows.some((row) => lacksPlaces(xs, firsts, row)));
  const wide = box.right > 0;
  const step = wide ? box.right / SEATS_IN_LINE : 100;
  let y = wide ? box.bottom + 3 * step : step;
  for (const section of bare) {
    for (const row of section.rows) {
      if (!lacksPlaces(xs, firsts, row)) continue;
      const count = firsts[row + 1] - firsts[row];
      for (let i = 0; i < count; i++) {
        const line = Math.floor(i / SEATS_IN_LINE);
        const inLine = Math.min(count - line * SEATS_IN_LINE, SEATS_IN_LINE);
        xs[firsts[row] + i] = step * ((SEATS_IN_LINE - inLine) / 2 + (i % SEATS_IN_LINE) + 0.5);
        ys[firsts[row] + i] = y + line * step;
      }
      y += (Math.ceil(count / SEATS_IN_LINE) + 0.2) * step;
    }
    y += step;
    box.right = Math.max(box.right, SEATS_IN_LINE * step);
    box.bottom = y - step;
  }
  // An area that nobody has drawn is a band across the hall.
  for (const section of sections) {
    if (!section.area || section.outline) continue;
    const right = Math.max(box.right, 400);
    section.outline = [0, box.bottom + right / 40, right, box.bottom + right / 40, right, box.bottom + right / 6, 0, box.bottom + right / 6];
    box.right = right;
    box.bottom += right / 6;
  }
}

/**
 * @param {Float32Array} xs
 * @param {Int32Array} firsts
 * @param {number} row
 */
function lacksPlaces(xs, firsts, row) {
  return Number.isNaN(xs[firsts[row]]);
}

/**
 * How near the seats of a section are to each other: most of a sample of them have no nearer neighbour.
 * @param {import("./layout.js").Section} section
 * @param {Chart} chart
 * @param {Grid} grid
 * @returns {number} 0 if it has no two seats.
 */
function pitchOf(section, chart, grid) {
  if (section.area) return 0;
  const { xs, ys, firsts } = chart;
  const spread = Math.hypot(grid.right - grid.left, grid.bottom - grid.top);
  const found = [];
  const stride = Math.max(1, Math.floor(section.seats / SAMPLE));
  let skip = 0;
  const sample = [];
  for (const row of section.rows) {
    const end = firsts[row + 1];
    let place = firsts[row] + skip;
    for (; place < end; place += stride) sample.push(place);
    skip = place - end;
  }
  for (const place of sample) {
    if (xs[place] !== xs[place]) continue;
    // Beside it in the row, or across the aisle, or a row behind.
    let reach = grid.cell;
    let other = -1;
    while (other < 0 && reach < 2 * spread) {
      other = grid.nearest(xs[place], ys[place], reach, (each) => each !== place && (xs[each] !== xs[place] || ys[each] !== ys[place]));
      reach *= 2;
    }
    if (other >= 0) found.push(Math.hypot(xs[other] - xs[place], ys[other] - ys[place]));
  }
  found.sort((a, b) => a - b);
  return found.length ? found[Math.floor(found.length / 4)] : 0;
}

/** @param {{pitch: number, seats: number}[]} all */
function median(all) {
  all.sort((a, b) => a.pitch - b.pitch);
  let half = all.reduce((sum, each) => sum + each.seats, 0) / 2;
  for (const { pitch, seats } of all) if ((half -= seats) <= 0) return pitch;
  return 0;
}

/**
 * @param {import("./layout.js").Section} section
 * @param {Chart} chart
 * @param {number} pitch
 * @returns {Part}
 */
function partOf(section, chart, pitch) {
  const { xs, ys, firsts, categoryOf } = chart;
  /** @type {Box} */
  const seats = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const row of section.rows) {
    for (let place = firsts[row]; place < firsts[row + 1]; place++) {
      counts.set(categoryOf[place], (counts.get(categoryOf[place]) ?? 0) + 1);
      if (xs[place] === xs[place]) enclose(seats, { left: xs[place], right: xs[place], top: ys[place], bottom: ys[place] });
    }
  }
  const some = seats.left <= seats.right;
  const { left, top, right, bottom } = some
    ? { left: seats.left - pitch, top: seats.top - pitch, right: seats.right + pitch, bottom: seats.bottom + pitch }
    : { left: 0, top: 0, right: 0, bottom: 0 };
  const outline = simplified(section.outline ?? [left, top, right, top, right, bottom, left, bottom], pitch / 8);
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let i = 0; i < outline.length; i += 2) {
    enclose(box, { left: outline[i], right: outline[i], top: outline[i + 1], bottom: outline[i + 1] });
  }
  const category = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most), [-1, 0])[0];
  return { section, outline, box, middle: middleOf(outline, box), category, pitch };
}

/**
 * An outline without the points that lie on the line between others: it goes by the end of every row, and filling it
 * takes as long as it has points.
 * @param {number[]} points
 * @param {number} tolerance
 */
function simplified(points, tolerance) {
  /** @type {(from: number, to: number) => number[]} */
  const between = (from, to) => {
    const [x, y, dx, dy] = [points[from], points[from + 1], points[to] - points[from], points[to + 1] - points[from + 1]];
    const length = Math.hypot(dx, dy);
    let farthest = tolerance;
    let at = 0;
    for (let i = from + 2; i < to; i += 2) {
      const [px, py] = [points[i] - x, points[i + 1] - y];
      const far = length ? Math.abs(px * dy - py * dx) / length : Math.hypot(px, py);
      if (far > farthest) [farthest, at] = [far, i];
    }
    return at ? [...between(from, at), points[at], points[at + 1], ...between(at, to)] : [];
  };
  // Two halves, because the whole begins and ends in one place.
  const half = (points.length >> 2) * 2;
  const last = points.length - 2;
  return Float32Array.from([
    points[0], points[1], ...between(0, half), points[half], points[half + 1], ...between(half, last), points[last], points[last + 1],
  ]);
}

/**
 * A point that is well inside: the middle of the longest piece of some lines across, and there half way down.
 * @param {Float32Array} outline
 * @param {Box} box
 * @returns {[number, number]}
 */
export function middleOf(outline, box) {
  let best = { from: box.left, to: box.right };
  let longest = 0;
  let y = (box.top + box.bottom) / 2;
  for (const share of [0.5, 0.3, 0.7]) {
    const piece = longestOf(cuts(outline, box.top + (box.bottom - box.top) * share, 1));
    // The middle line is preferred unless another is clearly longer.
    if (piece && piece.to - piece.from > longest * 1.15) {
      longest = piece.to - piece.from;
      best = piece;
      y = box.top + (box.bottom - box.top) * share;
    }
  }
  const x = (best.from + best.to) / 2;
  const down = longestOf(cuts(outline, x, 0));
  return [x, down ? (down.from + down.to) / 2 : y];
}

/**
 * Where a line crosses an outline, in order.
 * @param {Float32Array} outline
 * @param {number} at
 * @param {0 | 1} axis 1 for a line across, at this height.
 */
function cuts(outline, at, axis) {
  const found = [];
  for (let i = 0, j = outline.length - 2; i < outline.length; j = i, i += 2) {
    const a = outline[j + axis], b = outline[i + axis];
    if (a > at !== b > at) found.push(outline[j + 1 - axis] + ((at - a) / (b - a)) * (outline[i + 1 - axis] - outline[j + 1 - axis]));
  }
  return found.sort((a, b) => a - b);
}

/** @param {number[]} points Every second piece between them is inside. */
function longestOf(points) {
  let best = null;
  for (let i = 0; i + 1 < points.length; i += 2) {
    if (!best || points[i + 1] - points[i] > best.to - best.from) best = { from: points[i], to: points[i + 1] };
  }
  return best;
}

/**
 * @param {Float32Array} outline
 * @param {number} x
 * @param {number} y
 */
export function isInside(outline, x, y) {
  let inside = false;
  for (let i = 0, j = outline.length - 2; i < outline.length; j = i, i += 2) {
    const x0 = outline[j], y0 = outline[j + 1], x1 = outline[i], y1 = outline[i + 1];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  }
  return inside;
}

/** @param {Part[]} parts */
function areStacked(parts) {
  return parts.some((one) =>
    parts.some((other) =>
      other.section.floor !== one.section.floor && overlap(one.box, other.box) && isInside(other.outline, ...one.middle)));
}

/**
 * @param {Box} a
 * @param {Box} b
 */
export function overlap(a, b) {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

/**
 * @param {Box} box
 * @param {Box} more
 */
export function enclose(box, more) {
  box.left = Math.min(box.left, more.left);
  box.top = Math.min(box.top, more.top);
  box.right = Math.max(box.right, more.right);
  box.bottom = Math.max(box.bottom, more.bottom);
}
