/**
 * Reads a layout (`holdfast-layout/1`, docs/halls.md) into columns: one typed array per property, by a seat's place in
 * the chart. Positions are in steps of the layout. A seat without a position has NaN.
 */

import { Ids } from "./ids.js";

/**
 * @typedef {object} PackedRow
 * @property {number} seats
 * @property {number} [section]
 * @property {string} [label]
 * @property {number} [category]
 * @property {(number | null)[]} [categories]
 * @property {[number, number]} [from]
 * @property {[number, number]} [to]
 * @property {number} [rise]
 * @property {number[]} [places]
 * @property {number[]} [x]
 * @property {number[]} [y]
 * @property {[number, number]} [numbers]
 * @property {[number, number]} [place_numbers]
 * @property {string[]} [labels]
 * @property {(string | [string, number, number])[]} [label_runs]
 *
 * @typedef {{key?: string, name: string, floor?: number, area?: boolean, outline?: number[]}} PackedSection
 * @typedef {{key: string, name: string, color: string}} LayoutCategory
 * @typedef {{shape: string, at?: [number, number], size?: any, radii?: [number, number], points?: [number, number][],
 *   rotation?: number, role?: string, text?: string, text_at?: [number, number], text_size?: number,
 *   text_color?: string, color?: string, border_color?: string, floor?: number}} Shape
 *
 * @typedef {object} Layout
 * @property {string} format
 * @property {string} name
 * @property {number} unit
 * @property {[number, number]} origin
 * @property {[number, number]} size
 * @property {{key: string, name: string}[]} floors
 * @property {LayoutCategory[]} categories
 * @property {Shape[]} shapes
 * @property {number} seats
 * @property {[string, number][]} ids
 * @property {PackedSection[]} sections
 * @property {PackedRow[]} rows
 * @property {number[]} accessible
 * @property {number[]} restricted_view
 * @property {[number, number][]} companions
 *
 * @typedef {{key: string, name: string, floor: number, area: boolean, outline: number[] | null, seats: number,
 *   rows: number[], places: number[]}} Section `floor` is -1 for none; an area's `places` are all of its seats.
 *
 * @typedef {object} Chart
 * @property {Layout} layout
 * @property {number} seats
 * @property {Float32Array} xs
 * @property {Float32Array} ys
 * @property {Int32Array} rowOf
 * @property {Int16Array} categoryOf -1 for none.
 * @property {Int32Array} sectionOf
 * @property {Uint8Array} flags
 * @property {Map<number, number>} companions
 * @property {Int32Array} firsts The place of each row's first seat, and at the end the number of seats.
 * @property {Section[]} sections
 * @property {Ids} ids
 * @property {(place: number) => string} numberOf
 */

export const ACCESSIBLE = 1;
export const RESTRICTED = 2;

/**
 * @param {Layout} layout
 * @returns {Chart}
 */
export function decode(layout) {
  if (layout.format !== "holdfast-layout/1") throw new Error(`unknown layout ${layout.format}`);
  const n = layout.seats;
  const xs = new Float32Array(n).fill(NaN);
  const ys = new Float32Array(n).fill(NaN);
  const rowOf = new Int32Array(n);
  const categoryOf = new Int16Array(n).fill(-1);
  const sectionOf = new Int32Array(n);
  const flags = new Uint8Array(n);
  const firsts = new Int32Array(layout.rows.length + 1);
  /** @type {Section[]} */
  const sections = layout.sections.map((section) => ({
    key: section.key ?? "",
    name: section.name,
    floor: section.floor ?? -1,
    area: section.area ?? false,
    outline: section.outline ?? null,
    seats: 0,
    rows: [],
    places: [],
  }));
  let unnamed = -1;
  let first = 0;
  layout.rows.forEach((row, at) => {
    firsts[at] = first;
    const end = first + row.seats;
    let section = row.section ?? unnamed;
    if (section < 0) {
      // Seats that were added without a section are one of their own.
      unnamed = section = sections.length;
      sections.push({ key: "", name: "", floor: -1, area: false, outline: null, seats: 0, rows: [], places: [] });
    }
    const its = /** @type {Section} */ (sections[section]);
    its.rows.push(at);
    its.seats += row.seats;
    if (its.area) for (let place = first; place < end; place++) its.places.push(place);
    rowOf.fill(at, first, end);
    sectionOf.fill(section, first, end);
    if (row.category != null) categoryOf.fill(row.category, first, end);
    if (row.categories) {
      let place = first;
      for (let i = 0; i < row.categories.length; i += 2) {
        const count = /** @type {number} */ (row.categories[i + 1]);
        categoryOf.fill(row.categories[i] ?? -1, place, place + count);
        place += count;
      }
    }
    if (row.x && row.y) {
      let x = 0;
      let y = 0;
      for (let i = 0; i < row.seats; i++) {
        xs[first + i] = x += /** @type {number} */ (row.x[i]);
        ys[first + i] = y += /** @type {number} */ (row.y[i]);
      }
    } else if (row.from) {
      placeOnArc(row, first, xs, ys);
    }
    first = end;
  });
  firsts[layout.rows.length] = first;
  for (const place of layout.accessible) flags[place] = (flags[place] ?? 0) | ACCESSIBLE;
  for (const place of layout.restricted_view) flags[place] = (flags[place] ?? 0) | RESTRICTED;
  /** @type {Map<number, string[]>} */
  const kept = new Map();
  return {
    layout, seats: n, xs, ys, rowOf, categoryOf, sectionOf, flags, firsts, sections,
    companions: new Map(layout.companions),
    ids: new Ids(layout.ids),
    numberOf(place) {
      const row = /** @type {number} */ (rowOf[place]);
      let numbers = kept.get(row);
      if (!numbers) kept.set(row, (numbers = numbersOf(/** @type {PackedRow} */ (layout.rows[row]))));
      return numbers[place - /** @type {number} */ (firsts[row])] ?? "";
    },
  };
}

/**
 * @param {PackedRow} row
 * @returns {number[]} The place of each seat on its arc.
 */
function placesOn(row) {
  if (!row.places) return Array.from({ length: row.seats }, (_, at) => at);
  const places = [];
  for (let i = 0; i < row.places.length; i += 2) {
    for (let at = 0; at < row.places[i + 1]; at++) places.push(row.places[i] + at);
  }
  return places;
}

/**
 * @param {PackedRow} row
 * @param {number} first
 * @param {Float32Array} xs
 * @param {Float32Array} ys
 */
function placeOnArc(row, first, xs, ys) {
  const [fromX, fromY] = /** @type {[number, number]} */ (row.from);
  const [toX, toY] = row.to ?? [fromX, fromY];
  const places = placesOn(row);
  const n = places[places.length - 1] || 1;
  const chord = Math.hypot(toX - fromX, toY - fromY);
  const h = row.rise ?? 0;
  if (!h || !chord) {
    places.forEach((i, at) => {
      xs[first + at] = fromX + ((toX - fromX) * i) / n;
      ys[first + at] = fromY + ((toY - fromY) * i) / n;
    });
    return;
  }
  const ux = (toX - fromX) / chord;
  const uy = (toY - fromY) / chord;
  const middleX = (fromX + toX) / 2;
  const middleY = (fromY + toY) / 2;
  const r = (chord * chord / 4 + h * h) / (2 * h);
  const half = 2 * Math.atan((2 * h) / chord);
  places.forEach((i, at) => {
    const a = half * ((2 * i) / n - 1);
    const across = h - r + r * Math.cos(a);
    const along = r * Math.sin(a);
    xs[first + at] = middleX - across * uy + along * ux;
    ys[first + at] = middleY + across * ux + along * uy;
  });
}

/**
 * The numbers that are printed on the seats of a row.
 * @param {PackedRow} row
 * @returns {string[]}
 */
function numbersOf(row) {
  if (row.labels) return row.labels;
  if (row.label_runs) {
    return row.label_runs.flatMap((run) =>
      typeof run === "string" ? run : Array.from({ length: run[2] }, (_, at) => `${run[0]}${run[1] + at}`));
  }
  const [first, step] = row.place_numbers ?? row.numbers ?? [1, 1];
  const places = row.place_numbers ? placesOn(row) : Array.from({ length: row.seats }, (_, at) => at);
  return places.map((at) => String(first + step * at));
}
