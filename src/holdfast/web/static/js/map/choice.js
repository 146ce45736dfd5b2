/** What the buyer has chosen: the rules of adding and taking away, without anything that is drawn. */

/** Seats further apart than this, in distances of their section, are not beside each other. */
const BESIDE = 1.7;

/**
 * The seats that a party gets with one tap: the tapped one and free ones beside it, as much about the middle as can be.
 * @param {import("./board.js").Board} board
 * @param {number} place
 * @param {number} party
 * @returns {number[]} Only the tapped one if there are not enough.
 */
export function seatsBeside(board, place, party) {
  const { chart, parts } = board.hall;
  const { xs, ys, rowOf, sectionOf, flags } = chart;
  const reach = parts[sectionOf[place]].pitch * BESIDE;
  /** @type {(a: number, b: number) => boolean} */
  const fits = (a, b) =>
    b >= 0 && b < chart.seats && rowOf[a] === rowOf[b] && board.canChoose(b) && !board.chosen.has(b) &&
    // Places for wheelchairs are not given away by the way.
    flags[b] % 2 === flags[place] % 2 && Math.hypot(xs[a] - xs[b], ys[a] - ys[b]) <= reach;
  let first = place;
  let last = place;
  while (place - first < party - 1 && fits(first, first - 1)) first--;
  while (last - place < party - 1 && fits(last, last + 1)) last++;
  if (last - first + 1 < party) return [place];
  const wanted = place - Math.floor((party - 1) / 2);
  const from = Math.min(Math.max(wanted, first), last - party + 1);
  return Array.from({ length: party }, (_, at) => from + at);
}

/**
 * What a tap on a seat changes.
 * @param {import("./board.js").Board} board
 * @param {number} place
 * @param {{max: number, party: number}} limits
 * @returns {{add: number[], remove: number[]} | "taken" | "limit"}
 */
export function tapOn(board, place, { max, party }) {
  if (board.chosen.has(place)) return { add: [], remove: [place] };
  if (!board.canChoose(place)) return "taken";
  const left = max - board.chosen.size;
  if (left < 1) return "limit";
  const add = party > 1 && !board.chosen.size ? seatsBeside(board, place, Math.min(party, left)) : [place];
  return { add, remove: [] };
}
