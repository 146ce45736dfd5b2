/** How each seat is to be shown: its status, whether it is one's own or chosen, its floor and what is highlighted. */

import { FREE, HELD } from "./flow.js";

export const HIDDEN = 0;
export const OPEN = 1;
export const DIMMED = 2;
export const TAKEN = 3;
export const GONE = 4;
export const CHOSEN = 5;
export const MINE = 6;

/** @typedef {{free: number, seats: number}} Count */

export class Board {
  /** @param {import("./hall.js").Hall} hall */
  constructor(hall) {
    const { chart } = hall;
    this.hall = hall;
    this.codes = new Uint8Array(chart.seats);
    this.kinds = new Uint8Array(chart.seats);
    /** @type {Set<number>} */
    this.chosen = new Set();
    /** @type {Set<number>} */
    this.mine = new Set();
    /** Seats of a hold that is to get others: they are held, and can be chosen all the same. @type {Set<number>} */
    this.own = new Set();
    /** The only floor that is shown; -1 for all. */
    this.floor = -1;
    /** The place of the category that stands out; null for none. @type {number | null} */
    this.highlight = null;
    /** Whether seats of any status can be chosen. */
    this.any = false;
    /** @type {Count[]} By section. */
    this.sections = chart.sections.map((section) => ({ free: section.seats, seats: section.seats }));
    /** @type {Count[]} By category; seats without one are in the last. */
    this.categories = Array.from({ length: chart.layout.categories.length + 1 }, () => ({ free: 0, seats: 0 }));
    this.free = chart.seats;
    for (const category of chart.categoryOf) {
      const count = this.categories.at(category);
      if (count) count.seats = ++count.free;
    }
    this.refreshAll();
  }

  /**
   * Take over the statuses.
   * @param {Uint8Array} codes
   * @param {number[]} places Where they may differ from before.
   */
  take(codes, places) {
    const { sectionOf, categoryOf } = this.hall.chart;
    for (const place of places) {
      const more = Number(codes[place] === FREE) - Number(this.codes[place] === FREE);
      this.codes[place] = codes[place];
      if (more) {
        this.free += more;
        this.sections[sectionOf[place]].free += more;
        const count = this.categories.at(categoryOf[place]);
        if (count) count.free += more;
      }
      this.refresh(place);
    }
  }

  /** @param {number} place */
  refresh(place) {
    this.kinds[place] = this.kindOf(place);
  }

  refreshAll() {
    for (let place = 0; place < this.kinds.length; place++) this.refresh(place);
  }

  /** @param {number} place */
  isShown(place) {
    if (this.floor < 0) return true;
    const { floor } = this.hall.chart.sections[this.hall.chart.sectionOf[place]];
    return floor < 0 || floor === this.floor;
  }

  /** @param {number} place */
  kindOf(place) {
    if (!this.isShown(place)) return HIDDEN;
    if (this.chosen.has(place)) return CHOSEN;
    if (this.mine.has(place)) return MINE;
    const code = this.codes[place];
    if (code !== FREE && !this.own.has(place)) return code === HELD ? TAKEN : GONE;
    return this.highlight === null || this.highlight === this.hall.chart.categoryOf[place] ? OPEN : DIMMED;
  }

  /**
   * Whether a seat can be chosen.
   * @param {number} place
   */
  canChoose(place) {
    if (this.hall.chart.sections[this.hall.chart.sectionOf[place]].area) return false;
    return this.any || this.own.has(place) || (this.codes[place] === FREE && !this.mine.has(place));
  }
}
