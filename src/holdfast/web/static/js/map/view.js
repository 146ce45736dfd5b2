/** What part of the hall is on the canvas: a scale (CSS pixels per step of the layout) and an offset in CSS pixels. */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

const MARGIN = 12;
/** CSS pixels from seat to seat, at most. */
const SEAT_MAX = 52;
/** At first no larger than this, so that a hall of ten seats does not fill the screen with ten discs. */
const SEAT_AT_FIRST = 34;

export class View {
  /**
   * @param {Box} box Of the hall, in steps.
   * @param {number} pitch From seat to seat, in steps.
   */
  constructor(box, pitch) {
    this.box = box;
    this.pitch = pitch;
    this.width = 1;
    this.height = 1;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.whole = true;
    this.top = MARGIN;
    this.right = MARGIN;
  }

  /** CSS pixels from seat to seat. */
  get seat() {
    return this.pitch * this.scale;
  }

  get least() {
    return Math.min(this.fitting(this.box), SEAT_AT_FIRST / this.pitch);
  }

  get most() {
    return Math.max(SEAT_MAX / this.pitch, this.least);
  }

  /**
   * The canvas has another size: the hall stays whole, or its middle stays where it is.
   * @param {number} width
   * @param {number} height
   * @param {{top?: number, right?: number}} [covered] What buttons cover. The hall is fitted in below those at the top,
   *   and can be moved out from under those on the right: a seat in the corner could not be chosen otherwise.
   */
  resize(width, height, { top = 0, right = 0 } = {}) {
    this.top = Math.max(MARGIN, top);
    this.right = Math.max(MARGIN, right);
    const [x, y] = this.toHall(this.width / 2, this.height / 2);
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    if (this.whole) this.fit(this.box);
    else this.put(this.scale, x, y);
  }

  /**
   * @param {Box} box
   * @returns {number} The scale at which it just fits.
   */
  fitting(box) {
    const width = Math.max(this.width - 2 * MARGIN, 1) / Math.max(box.right - box.left, this.pitch);
    const height = Math.max(this.height - this.top - MARGIN, 1) / Math.max(box.bottom - box.top, this.pitch);
    return Math.min(width, height);
  }

  /** @param {Box} box */
  fit(box) {
    this.put(box === this.box ? this.least : this.fitting(box), (box.left + box.right) / 2, (box.top + box.bottom) / 2);
  }

  /**
   * Set the scale, with a point of the hall in the middle or, if `sx` and `sy` are given, there.
   * @param {number} scale
   * @param {number} x
   * @param {number} y
   */
  put(scale, x, y, sx = this.width / 2, sy = this.height / 2) {
    this.scale = Math.min(Math.max(scale, this.least), this.most);
    this.whole = this.scale <= this.least * 1.001;
    this.x = sx - x * this.scale;
    this.y = sy - y * this.scale;
    this.clamp();
  }

  /**
   * @param {number} factor
   * @param {number} sx The point of the canvas that stays where it is.
   * @param {number} sy
   */
  zoom(factor, sx = this.width / 2, sy = this.height / 2) {
    const [x, y] = this.toHall(sx, sy);
    this.put(this.scale * factor, x, y, sx, sy);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.clamp();
  }

  /** Keep the hall in view: it is in the middle where it fits, and else reaches from edge to edge of what is not covered. */
  clamp() {
    this.x = within(this.x, this.box.left, this.box.right, this.scale, MARGIN, this.width - this.right);
    this.y = within(this.y, this.box.top, this.box.bottom, this.scale, this.top, this.height - MARGIN);
  }

  /**
   * @param {number} sx
   * @param {number} sy
   * @returns {[number, number]}
   */
  toHall(sx, sy) {
    return [(sx - this.x) / this.scale, (sy - this.y) / this.scale];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  toCanvas(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /**
   * The part of the hall that is in view, and a little more.
   * @param {number} [more] In steps.
   * @returns {Box}
   */
  seen(more = this.pitch) {
    const [left, top] = this.toHall(0, 0);
    const [right, bottom] = this.toHall(this.width, this.height);
    return { left: left - more, top: top - more, right: right + more, bottom: bottom + more };
  }

  /** @returns {[number, number, number]} */
  get state() {
    return [this.scale, this.x, this.y];
  }

  set state([scale, x, y]) {
    this.scale = scale;
    this.x = x;
    this.y = y;
    this.whole = scale <= this.least * 1.001;
  }
}

/**
 * @param {number} offset
 * @param {number} from
 * @param {number} to
 * @param {number} scale
 * @param {number} start
 * @param {number} end
 */
function within(offset, from, to, scale, start, end) {
  const low = end - to * scale;
  const high = start - from * scale;
  return low >= high ? (low + high) / 2 : Math.min(Math.max(offset, low), high);
}
