/** Where an arrow key leads: along the row, or to the nearest seat or area in that direction. */

/**
 * @typedef {import("./hall.js").Hall} Hall
 * @typedef {{place: number} | {part: number}} Stop A seat, or a section that is an area.
 * @typedef {(place: number) => boolean} Counts Whether a seat is shown.
 */

/** How straight ahead the next seat of the row must be (cosine). */
const ALONG_ROW = 0.75;

/**
 * @param {Hall} hall
 * @param {Stop} stop
 * @returns {[number, number]}
 */
export function spotOf({ chart, parts }, stop) {
  return "place" in stop ? [chart.xs[stop.place], chart.ys[stop.place]] : parts[stop.part].middle;
}

/**
 * @param {Hall} hall
 * @param {Stop} from
 * @param {number} dx The direction, of length 1.
 * @param {number} dy
 * @param {Counts} counts
 * @returns {Stop | null}
 */
export function step(hall, from, dx, dy, counts) {
  const { chart, grid, parts, box } = hall;
  const [x, y] = spotOf(hall, from);
  const row = "place" in from ? chart.rowOf[from.place] : -1;
  if ("place" in from) {
    for (const place of [from.place - 1, from.place + 1]) {
      if (place < 0 || chart.rowOf[place] !== row || !counts(place)) continue;
      const mx = chart.xs[place] - x;
      const my = chart.ys[place] - y;
      if (mx * dx + my * dy >= ALONG_ROW * Math.hypot(mx, my)) return { place };
    }
  }
  const span = Math.hypot(box.right - box.left, box.bottom - box.top);
  /** @type {Stop | null} */
  let best = null;
  let least = Infinity;
  /** @type {(stop: Stop, sx: number, sy: number) => void} */
  const weigh = (stop, sx, sy) => {
    const along = (sx - x) * dx + (sy - y) * dy;
    const across = Math.abs((sx - x) * dy - (sy - y) * dx);
    if (along <= 0.3 * hall.pitch || across > 1.2 * along) return;
    const cost = along + 2.5 * across;
    if (cost < least) {
      least = cost;
      best = stop;
    }
  };
  parts.forEach((part, at) => {
    const own = "part" in from && from.part === at;
    if (part.section.area && !own && counts(part.section.places[0])) weigh({ part: at }, ...part.middle);
  });
  for (let reach = 2 * hall.pitch; reach < 4 * span; reach *= 2) {
    grid.ranges(x - reach, y - reach, x + reach, y + reach, (begin, end) => {
      for (let i = begin; i < end; i++) {
        const place = grid.items[i];
        if (chart.rowOf[place] !== row && counts(place)) weigh({ place }, chart.xs[place], chart.ys[place]);
      }
    });
    // Nothing beyond the square that was searched can cost less than its half side.
    if (least <= reach) break;
  }
  return best;
}

/**
 * The outermost seat of the row: the left or upper one, or the other.
 * @param {Hall} hall
 * @param {number} place
 * @param {boolean} last
 */
export function endOfRow({ chart: { xs, ys, firsts, rowOf } }, place, last) {
  const first = firsts[rowOf[place]];
  const end = firsts[rowOf[place] + 1] - 1;
  const dx = xs[end] - xs[first];
  const dy = ys[end] - ys[first];
  const forward = Math.abs(dx) >= Math.abs(dy) ? dx >= 0 : dy >= 0;
  return forward === last ? end : first;
}

/**
 * The first free seat, else the first, of the next section that is shown, or the area that it is.
 * @param {Hall} hall
 * @param {number} part Where one is; -1 at first.
 * @param {number} by 1 or -1.
 * @param {Counts} counts
 * @param {Counts} isFree
 * @returns {Stop | null}
 */
export function section({ chart, parts }, part, by, counts, isFree) {
  for (let tried = 0; tried < parts.length; tried++) {
    part = (part + by + parts.length) % parts.length;
    const { section: one } = parts[part];
    if (!one.seats) continue;
    if (one.area) {
      if (counts(one.places[0])) return { part };
      continue;
    }
    let found = -1;
    for (const row of one.rows) {
      for (let place = chart.firsts[row]; place < chart.firsts[row + 1]; place++) {
        if (!counts(place)) continue;
        if (isFree(place)) return { place };
        if (found < 0) found = place;
      }
    }
    if (found >= 0) return { place: found };
  }
  return null;
}
