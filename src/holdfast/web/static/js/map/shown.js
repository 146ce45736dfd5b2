/** A hall that is shown in an element: its layout, and its statuses as they come. What is chosen is `map.js`'s part. */

import { Board } from "./board.js";
import { Describer, textsFrom } from "./describe.js";
import { make } from "./dom.js";
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
 * @property {import("./describe.js").PriceOf} [priceOf] Of seats with a price of their own, by place in the chart.
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

export class ShownHall {
  /**
   * @param {HTMLElement} element
   * @param {Options} options
   */
  constructor(element, options) {
    this.element = element;
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
    const before = this.board;
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
    this.play.setBoard(board, this.describe(board), Boolean(before));
    this.paintOptions();
  }

  /**
   * @param {Board} board
   * @returns {Describer}
   */
  describe(board) {
    return (this.words = new Describer(board, this.text, this.categories, this.options.priceOf ?? (() => undefined)));
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
    const { sections, sectionOf } = board.hall.chart;
    // Areas are under the seats.
    if (!this.ready || places.some((place) => sections[sectionOf[place]].area)) this.play.stage.redraw();
    else this.play.stage.patch(places);
    if (!this.ready) {
      this.element.setAttribute("aria-busy", "false");
      this.beReady();
    }
    if (!this.busy) this.dropLost();
    this.play.refresh();
    this.timers.counts ||= setTimeout(() => this.tellCounts(), COUNTS_MS);
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

  /**
   * A seat was tapped.
   * @param {number} _place
   */
  tapSeat(_place) {}

  /** Other statuses are shown, so chosen seats may be gone. */
  dropLost() {}

  /**
   * @param {string[]} ids
   * @returns {number[]}
   */
  places(ids) {
    return ids.map((id) => this.board?.hall.chart.ids.place(id) ?? -1).filter((place) => place >= 0);
  }

  destroy() {
    this.gone.abort();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.live?.destroy();
    this.play.stage.destroy();
    this.element.replaceChildren();
  }
}
