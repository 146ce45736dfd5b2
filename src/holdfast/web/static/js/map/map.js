/**
 * The drawn map of a hall: live on the buyer's page, or of a layout that is given, in previews.
 *
 *     const map = mountMap(element, { texts, sources, categories, onSelect });
 *
 * What is held, and what it costs, is the page's business. The map shows it, and says what was chosen.
 */

import { tapOn } from "./choice.js";
import { FREE, HELD } from "./flow.js";
import { ShownHall } from "./shown.js";

/**
 * @typedef {import("./describe.js").Seat} Seat
 * @typedef {import("./shown.js").Category} Category
 * @typedef {import("./shown.js").Options} Options
 * @typedef {import("./shown.js").Availability} Availability
 * @typedef {import("./describe.js").Area} Area
 */

/**
 * Put a map into an empty element.
 * @param {HTMLElement} element
 * @param {Options} options
 */
export function mountMap(element, options) {
  const map = new HallMap(element, options);
  // Tests and measurements use the map that a page has mounted.
  /** @type {HTMLElement & {hallMap?: HallMap}} */ (element).hallMap = map;
  return map;
}

export class HallMap extends ShownHall {
  /** @param {number} place */
  tapSeat(place) {
    const { board, words, options } = this;
    if (!board || !words) return;
    const tapped = tapOn(board, place, this.limits);
    if (tapped === "taken") options.onTaken?.(words.seat(place));
    else if (tapped === "limit") options.onLimit?.(this.limits.max);
    else this.change(tapped.add, tapped.remove, tapped.add.length ? "added" : "removed");
  }

  /**
   * @param {number[]} add
   * @param {number[]} remove
   * @param {"added" | "removed" | "set"} why
   */
  change(add, remove, why) {
    const { board } = this;
    if (!board || !(add.length || remove.length)) return;
    for (const place of remove) board.chosen.delete(place);
    for (const place of add) board.chosen.add(place);
    for (const place of [...add, ...remove]) board.refresh(place);
    this.play.stage.patch([...add, ...remove]);
    this.play.refresh();
    this.options.onSelect?.(this.selection, why);
  }

  /** Chosen seats that somebody else has leave the selection. */
  dropLost() {
    const { board, words } = this;
    if (!board || !words || board.any) return;
    const lost = [...board.chosen].filter((place) => !board.own.has(place) && (board.codes[place] !== FREE || board.mine.has(place)));
    if (!lost.length) return;
    const others = lost.filter((place) => !board.mine.has(place));
    const seats = others.map((place) => words.seat(place));
    this.change([], lost, "removed");
    if (seats.length) this.options.onLost?.(seats);
  }

  /** @returns {Seat[]} */
  get selection() {
    const { board, words } = this;
    return board && words ? [...board.chosen].map((place) => words.seat(place)) : [];
  }

  /**
   * Choose seats, in place of the selection or besides it.
   * @param {string[]} ids
   * @param {{add?: boolean, remove?: boolean}} [how]
   * @returns {string[]} Those that are not free.
   */
  select(ids, { add = false, remove = false } = {}) {
    const { board } = this;
    if (!board) {
      this.waiting.chosen = add ? [...this.waiting.chosen, ...ids] : remove ? this.waiting.chosen.filter((id) => !ids.includes(id)) : ids;
      return [];
    }
    const places = this.places(ids);
    if (remove) {
      this.change([], places.filter((place) => board.chosen.has(place)), "set");
      return [];
    }
    const free = places.filter((place) => board.canChoose(place));
    this.change(free, add ? [] : [...board.chosen].filter((place) => !free.includes(place)), "set");
    return ids.filter((id) => !free.includes(board.hall.chart.ids.place(id)));
  }

  /** @param {string[]} ids All that are the reader's own, held or sold. */
  setMine(ids) {
    const { board } = this;
    if (!board) {
      this.waiting.mine = ids;
      return;
    }
    const before = [...board.mine];
    board.mine = new Set(this.places(ids));
    const now = [...before, ...board.mine];
    for (const place of now) board.refresh(place);
    this.play.stage.patch(now);
    this.play.refresh();
    if (!this.busy) this.dropLost();
  }

  /**
   * While a hold is under way nothing can be chosen, and seats that it takes are not said to be lost.
   * @param {boolean} busy
   */
  setBusy(busy) {
    this.busy = busy;
    if (!busy) this.dropLost();
    this.play.refresh();
  }

  /**
   * The server refused these. They look taken at once, and the statuses are fetched again, to be sure.
   * @param {string[]} ids
   */
  refuse(ids) {
    const { board } = this;
    if (!board) return;
    const places = this.places(ids);
    this.change([], places.filter((place) => board.chosen.has(place)), "removed");
    const codes = board.codes.slice();
    for (const place of places) if (codes[place] === FREE) codes[place] = HELD;
    board.take(codes, places);
    this.play.stage.patch(places);
    this.play.refresh();
    this.live?.recheck(places);
  }

  /** @param {{max?: number, party?: number}} limits */
  setLimits(limits) {
    Object.assign(this.limits, limits);
  }

  /** @param {Record<string, number>} areas */
  setAreas(areas) {
    this.areas = areas;
    this.paintOptions();
  }

  /**
   * Categories with other prices, names or colours.
   * @param {Category[]} categories
   */
  setPrices(categories) {
    this.categories = categories;
    if (!this.board) return;
    this.describe(this.board);
    this.play.words = this.words;
    this.paintOptions();
    this.play.refresh();
  }

  /** @param {string | null} key Of the category that stands out; null for all. */
  highlight(key) {
    const { board } = this;
    if (!board) return;
    const at = board.hall.chart.layout.categories.findIndex((category) => category.key === key);
    board.highlight = key === null || at < 0 ? null : at;
    board.refreshAll();
    this.play.stage.redraw();
  }

  /** @param {{seat?: string, section?: string, hall?: boolean, focus?: boolean}} what */
  show({ seat, section, focus = false }) {
    const { board, play } = this;
    if (!board) return;
    const { view, stage } = play;
    const place = seat ? board.hall.chart.ids.place(seat) : -1;
    const part = board.hall.parts.find((each) => section !== undefined && each.section.key === section);
    if (place >= 0) {
      if (!board.isShown(place)) play.showFloor(board.hall.chart.sections[board.hall.chart.sectionOf[place]].floor);
      play.reveal({ place }, 28);
      if (focus) play.cursor.go({ place });
    } else {
      stage.glide(() => view.fit(part?.box ?? board.hall.box));
    }
  }

  /**
   * @param {string} id
   * @returns {Seat | null}
   */
  seat(id) {
    const [place] = this.places([id]);
    return place === undefined || !this.words ? null : this.words.seat(place);
  }

  /** Fetch the statuses again. */
  reload() {
    this.live?.refresh();
  }
}
