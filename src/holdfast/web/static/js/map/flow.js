/**
 * The statuses of all seats, put together from bits (a whole state at one version) and frames (what changed up to a
 * version). It asks nobody for anything, so it can be tested with every order in which things may arrive.
 *
 * Bits are never older than the request for them. So frames that came before the request are in them, and only those
 * that came since must be kept until they arrive.
 */

export const FREE = 0;
export const HELD = 1;
export const SOLD = 2;
export const KEPT_BACK = 3;

/** @typedef {[number, number][]} Changes Place in the chart and code. */

export class Flow {
  /** @param {number} seats */
  constructor(seats) {
    this.codes = new Uint8Array(seats);
    /** Of the statuses; -1 before the first bits. */
    this.version = -1;
    /** Whether the statuses have a gap that only new bits can close. */
    this.broken = true;
    /** @type {{version: number, changes: Changes}[] | null} Frames since bits were asked for; null if none are. */
    this.since = null;
    this.asked = 0;
  }

  /**
   * Bits are about to be fetched. The answer is given to `bits` with this number; those to earlier requests are ignored.
   * @returns {number}
   */
  ask() {
    this.since = [];
    return ++this.asked;
  }

  /**
   * A request for bits has failed. Another is needed only if the statuses have a gap.
   * @param {number} asked
   */
  failed(asked) {
    if (asked === this.asked) this.since = null;
  }

  /**
   * The stream begins after this version.
   * @param {number} version
   * @returns {boolean} Whether bits are needed.
   */
  hello(version) {
    if (this.version < version) this.reload();
    return this.broken;
  }

  /** Nothing that is known may be trusted, and a request that is under way may be of the time before. */
  reload() {
    this.broken = true;
    this.since = null;
  }

  /**
   * @param {number} version
   * @param {Changes} changes
   * @returns {number[]} Places of seats that have another status now.
   */
  frame(version, changes) {
    this.since?.push({ version, changes });
    if (this.broken || version <= this.version) return [];
    this.version = version;
    const places = [];
    for (const [place, code] of changes) {
      if (place < this.codes.length && this.codes[place] !== code) {
        this.codes[place] = code;
        places.push(place);
      }
    }
    return places;
  }

  /**
   * @param {number} asked What `ask` returned.
   * @param {number} version
   * @param {Uint8Array} bytes Two bits for each seat, the first in the lowest bits.
   * @returns {number[] | null} Places of seats that have another status now; null if the answer came too late.
   */
  bits(asked, version, bytes) {
    const since = this.since;
    if (asked !== this.asked || !since) return null;
    const before = this.codes;
    const codes = (this.codes = unpack(bytes, before.length));
    this.version = version;
    this.broken = false;
    this.since = null;
    for (const frame of since) this.frame(frame.version, frame.changes);
    const places = [];
    for (let place = 0; place < codes.length; place++) if (codes[place] !== before[place]) places.push(place);
    return places;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} seats
 */
export function unpack(bytes, seats) {
  const codes = new Uint8Array(seats);
  for (let place = 0; place < seats; place++) codes[place] = ((bytes[place >> 2] ?? 0) >> (2 * (place & 3))) & 3;
  return codes;
}
