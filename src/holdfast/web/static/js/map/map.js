/**
 * The drawn map of a hall: live on the buyer's page, or of a layout that is given, in previews.
 *
 *     const map = mountMap(element, { texts, sources, categories, onSelect });
 *
 * What is held, and what it costs, is the page's business. The map shows it, and says what was chosen.
 */

import { Board } from "./board.js";
import { tapOn } from "./choice.js";
import { Describer, textsFrom } from "./describe.js";
import { make } from "./dom.js";
import { FREE, HELD } from "./flow.js";
import { measure } from "./hall.js";
import { decode } from "./layout.js";
import { Live } from "./live.js";
import { Play } from "./play.js";
import { Refused } from "./stream.js";

/**
 * @typedef {import("./describe.js").Seat} Seat
 * @typedef {import("./describe.js").Area} Area
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./board.js").Count} Count
 * @typedef {import("./live.js").State} State
 * @typedef {{key: string, name?: string, price?: string, color?: string}} Category `price` as the page writes it.
 * @typedef {Count & {categories: Record<string, Count>, sections: Record<string, Count>}} Availability
 *
 * @typedef {object} Options
 * @property {Record<string, string>} texts
 * @property {string} [locale]
 * @property {{layout: string, bits: string, changes: string}} [sources] Addresses of this server.
 * @property {number} [chartVersion] Of the present chart: its layout may come from the browser's cache.
 * @property {Layout} [layout] Instead of `sources`: all seats are free, and nothing is fetched.
 * @property {"buy" | "any" | "look"} [mode] Whether free seats can be chosen, any, or none.
 * @property {Category[]} [categories]
 * @property {Record<string, string>} [prices] Of seats with a price of their own, by id.
 * @property {string[]} [selection] Ids.
 * @property {string[]} [mine] Ids.
 * @property {string[]} [own] Ids of the seats of a hold that is to get others. They can be chosen, though they are held.
 * @property {Record<string, number>} [areas] Places that are chosen, by section key.
 * @property {{max?: number, party?: number}} [limits]
 * @property {(seats: Seat[], why: "added" | "removed" | "set") => void} [onSelect]
 * @property {(seats: Seat[]) => void} [onLost] Chosen seats that somebody else has now.
 * @property {(max: number) => void} [onLimit]
 * @property {(seat: Seat) => void} [onTaken]
 * @property {(area: Area, element: HTMLElement) => void} [onArea]
 * @property {(counts: Availability) => void} [onAvailability]
 * @property {(state: State) => void} [onConnection]
 * @property {() => void} [onReady]
 */

const COUNTS_MS = 500;
/** A connection that is back sooner was lost for nobody. */
const CALM_MS = 4_000;
const RETRY_MS = 3_000;

/**
 * Put a map into an empty element.
 * @param {HTMLElement} element
 * @param {Options} options
 */
export function mountMap(element, options) {
  return new HallMap(element, options);
}

export class HallMap {
  /**
   * @param {HTMLElement} element
   * @param {Options} options
   */
  constructor(element, options) {
    this.element = element;
    // Tests and measurements use the map that a page has mounted.
    /** @type {HTMLElement & {hallMap?: HallMap}} */ (element).hallMap = this;
    this.options = options;
    this.text = textsFrom(options.texts, options.locale ?? document.documentElement.lang);
    this.limits = { max: Infinity, party: 1, ...options.limits };
    /** Ids whose seats are looked up when the hall is there. */
    this.waiting = { chosen: options.selection ?? [], mine: options.mine ?? [], own: options.own ?? [] };
    this.categories = options.categories ?? [];
    this.areas = options.areas ?? {};
    /** @type {Board | null} */
    this.board = null;
    /** @type {Describer | null} */
    this.words = null;
    /** @type {Live | null} */
    this.live = null;
    this.busy = false;
    this.ready = false;
    this.timers = { counts: 0, calm: 0, retry: 0 };
    this.gone = new AbortController();
    this.notice = make("p", "map-notice", { role: "status" });
    this.play = new Play(element, this.text, {
      seat: (place) => this.tapSeat(place),
      area: (part) => this.words && options.onArea?.(this.words.area(part), element),
      canAct: () => (options.mode ?? "buy") !== "look" && !this.busy && (this.ready || !options.sources),
    });
    this.play.stage.element.append(this.notice);
    element.setAttribute("aria-busy", "true");
    if (options.layout) this.setLayout(options.layout);
    else if (options.sources) void this.load(options.sources, options.chartVersion);
  }

  /**
   * @param {{layout: string, bits: string, changes: string}} sources
   * @param {number} [chartVersion]
   */
  async load(sources, chartVersion, failures = 0) {
    try {
      const url = chartVersion === undefined ? sources.layout : `${sources.layout}?chart_version=${chartVersion}`;
      const response = await fetch(url, { signal: this.gone.signal });
      if (!response.ok) throw Refused.of(response);
      const version = Number(response.headers.get("chart-version"));
      this.put(await response.json());
      const board = /** @type {Board} */ (this.board);
      this.live?.destroy();
      this.live = new Live(sources, board.hall.chart.seats, version, {
        changed: (codes, places) => this.take(codes, places),
        state: (state) => this.be(state),
        grown: (chart) => void this.load(sources, chart),
      });
    } catch (failure) {
      if (this.gone.signal.aborted) return;
      if (failure instanceof Refused && failure.status < 500 && failure.status !== 429) {
        this.be("ended");
        return;
      }
      this.be("lost");
      this.timers.retry = setTimeout(() => void this.load(sources, chartVersion, failures + 1),
        Math.min(RETRY_MS * 2 ** failures, 30_000) * (0.5 + Math.random() / 2));
    }
  }

  /**
   * Show another layout; what is chosen stays, if it is in it.
   * @param {Layout} layout
   */
  setLayout(layout) {
    this.put(layout);
    this.element.setAttribute("aria-busy", "false");
    this.tellCounts();
    if (!this.ready) this.beReady();
  }

  /** @param {Layout} layout */
  put(layout) {
    const { board: before, words } = this;
    const ids = (/** @type {Iterable<number>} */ places) => [...places].map((place) => before?.hall.chart.ids.id(place) ?? "");
    if (before) this.waiting = { chosen: ids(before.chosen), mine: ids(before.mine), own: ids(before.own) };
    const board = (this.board = new Board(measure(decode(layout))));
    board.any = this.options.mode === "any";
    if (before) board.floor = before.floor;
    for (const name of /** @type {const} */ (["chosen", "mine", "own"])) {
      for (const id of this.waiting[name]) {
        const place = board.hall.chart.ids.place(id);
        if (place >= 0) board[name].add(place);
      }
    }
    board.refreshAll();
    this.words = new Describer(board, this.text, this.categories, words?.prices ?? this.options.prices ?? {});
    this.play.setBoard(board, this.words, Boolean(before));
    this.paintOptions();
  }

  /** Give the painter what the page has said of categories and areas. */
  paintOptions() {
    const { painter } = this.play.stage;
    if (!painter || !this.board) return;
    const colors = new Map(this.categories.map((category) => [category.key, category.color ?? ""]));
    painter.colors = this.board.hall.chart.layout.categories.map((category) => colors.get(category.key) ?? "");
    painter.areas = this.areas;
    painter.recolor();
    this.play.stage.redraw();
  }

  /**
   * Statuses have come.
   * @param {Uint8Array} codes
   * @param {number[]} places Where they may have changed.
   */
  take(codes, places) {
    const { board } = this;
    if (!board) return;
    board.take(codes, places);
    this.play.stage.patch(places);
    if (board.hall.parts.some((part) => part.section.area)) this.redrawAreas(places);
    if (!this.ready) {
      this.element.setAttribute("aria-busy", "false");
      this.play.stage.redraw();
      this.beReady();
    }
    if (!this.busy) this.dropLost();
    this.play.refresh();
    this.timers.counts ||= setTimeout(() => this.tellCounts(), COUNTS_MS);
  }

  /** @param {number[]} places */
  redrawAreas(places) {
    const { sections, sectionOf } = this.play.hall.chart;
    if (places.some((place) => sections[sectionOf[place]].area)) this.play.stage.redraw();
  }

  beReady() {
    this.ready = true;
    this.tellCounts();
    // After the frame that shows it.
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark("hall-map-ready");
      this.options.onReady?.();
    }));
  }

  tellCounts() {
    this.timers.counts = 0;
    const { board } = this;
    if (!board) return;
    const { layout, sections, seats } = board.hall.chart;
    this.options.onAvailability?.({
      free: board.free, seats,
      categories: Object.fromEntries(layout.categories.map((category, at) => [category.key, board.categories[at]])),
      sections: Object.fromEntries(sections.map((section, at) => [section.key, board.sections[at]])),
    });
  }

  /** @param {State} state */
  be(state) {
    this.options.onConnection?.(state);
    clearTimeout(this.timers.calm);
    const words = { lost: "lost", ended: "ended", live: "", connecting: "" }[state];
    const say = () => {
      this.notice.textContent = words && this.text(words);
    };
    if (state === "lost") this.timers.calm = setTimeout(say, CALM_MS);
    else say();
  }

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
    const lost = [...board.chosen].filter((place) => board.codes[place] !== FREE && !board.own.has(place));
    if (!lost.length) return;
    const others = lost.filter((place) => !board.mine.has(place));
    const seats = others.map((place) => words.seat(place));
    this.change([], lost, "removed");
    if (seats.length) this.options.onLost?.(seats);
  }

  /**
   * @param {string[]} ids
   * @returns {number[]}
   */
  places(ids) {
    return ids.map((id) => this.board?.hall.chart.ids.place(id) ?? -1).filter((place) => place >= 0);
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
    this.limits = { ...this.limits, ...limits };
  }

  /** @param {Record<string, number>} areas */
  setAreas(areas) {
    this.areas = areas;
    this.paintOptions();
  }

  /**
   * Categories with other prices, names or colours.
   * @param {Category[]} categories
   * @param {Record<string, string>} [prices]
   */
  setPrices(categories, prices) {
    this.categories = categories;
    if (!this.board) return;
    this.words = this.play.words = new Describer(this.board, this.text, categories, prices ?? this.words?.prices ?? {});
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

  destroy() {
    this.gone.abort();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.live?.destroy();
    this.play.stage.destroy();
    this.element.replaceChildren();
  }
}
