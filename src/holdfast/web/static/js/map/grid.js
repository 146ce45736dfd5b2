/** Seats by where they are: a grid of cells, each with its seats, for hit tests and for what is in view. */

export class Grid {
  /**
   * @param {Float32Array} xs
   * @param {Float32Array} ys Seats whose position is NaN are left out.
   */
  constructor(xs, ys) {
    this.xs = xs;
    this.ys = ys;
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity, placed = 0;
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i], y = ys[i];
      if (x !== x) continue;
      placed++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    this.placed = placed;
    if (!placed) left = top = right = bottom = 0;
    this.left = left;
    this.top = top;
    this.right = right;
    this.bottom = bottom;
    const width = right - left + 1;
    const height = bottom - top + 1;
    /** About four seats to a cell if they are everywhere. A hall that is one line has at most 4,096 cells along it. */
    this.cell = Math.max(Math.sqrt((width * height * 4) / Math.max(placed, 1)), Math.max(width, height) / 4096);
    this.columns = Math.ceil(width / this.cell);
    this.rows = Math.ceil(height / this.cell);
    const starts = new Uint32Array(this.columns * this.rows + 1);
    const cellOf = new Int32Array(xs.length).fill(-1);
    for (let i = 0; i < xs.length; i++) {
      if (xs[i] !== xs[i]) continue;
      const at = Math.floor((ys[i] - top) / this.cell) * this.columns + Math.floor((xs[i] - left) / this.cell);
      cellOf[i] = at;
      starts[at + 1]++;
    }
    for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
    this.starts = starts;
    this.items = new Uint32Array(placed);
    const next = starts.slice();
    for (let i = 0; i < xs.length; i++) if (cellOf[i] >= 0) this.items[next[cellOf[i]]++] = i;
  }

  /**
   * Visit the cells that touch a rectangle, as ranges of `items`: one for each line of cells.
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   * @param {(begin: number, end: number) => void} visit
   */
  ranges(left, top, right, bottom, visit) {
    if (right < this.left || left > this.right || bottom < this.top || top > this.bottom) return;
    const c0 = clamp((left - this.left) / this.cell, this.columns);
    const c1 = clamp((right - this.left) / this.cell, this.columns);
    const r0 = clamp((top - this.top) / this.cell, this.rows);
    const r1 = clamp((bottom - this.top) / this.cell, this.rows);
    for (let row = r0; row <= r1; row++) {
      const line = row * this.columns;
      const begin = this.starts[line + c0];
      const end = this.starts[line + c1 + 1];
      if (end > begin) visit(begin, end);
    }
  }

  /**
   * The seat that is nearest to a point.
   * @param {number} x
   * @param {number} y
   * @param {number} reach How far away it may be.
   * @param {(place: number) => boolean} [counts]
   * @returns {number} -1 if there is none.
   */
  nearest(x, y, reach, counts) {
    let best = -1;
    let least = reach * reach;
    this.ranges(x - reach, y - reach, x + reach, y + reach, (begin, end) => {
      for (let i = begin; i < end; i++) {
        const place = this.items[i];
        const dx = this.xs[place] - x;
        const dy = this.ys[place] - y;
        const far = dx * dx + dy * dy;
        if (far <= least && (!counts || counts(place))) {
          least = far;
          best = place;
        }
      }
    });
    return best;
  }
}

/**
 * @param {number} at
 * @param {number} count
 */
function clamp(at, count) {
  return Math.min(Math.max(Math.floor(at), 0), count - 1);
}
