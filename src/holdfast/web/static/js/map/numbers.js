/** The numbers that are printed on the seats of a row. */

import { placesOn } from "./layout.js";

/**
 * @param {import("./layout.js").PackedRow} row
 * @returns {string[]}
 */
export function numbersOf(row) {
  if (row.labels) return row.labels;
  if (row.label_runs) {
    return row.label_runs.flatMap((run) =>
      typeof run === "string" ? run : Array.from({ length: run[2] }, (_, at) => `${run[0]}${run[1] + at}`));
  }
  const [first, step] = row.place_numbers ?? row.numbers ?? [1, 1];
  const places = row.place_numbers ? placesOn(row) : Array.from({ length: row.seats }, (_, at) => at);
  return places.map((at) => String(first + step * at));
}
