/** Seats and areas in words and as the objects that pages are given. */

import { FREE, HELD } from "./flow.js";
import { ACCESSIBLE, RESTRICTED } from "./layout.js";

/**
 * @typedef {{key: string, name: string, price: string}} SeatCategory
 *
 * @typedef {object} Seat
 * @property {string} id
 * @property {number} place In the chart.
 * @property {string} section Its key.
 * @property {string} sectionName
 * @property {string} row
 * @property {string} number
 * @property {SeatCategory | null} category
 * @property {string} price As text.
 * @property {boolean} accessible
 * @property {boolean} restrictedView
 * @property {string | null} companionOf
 * @property {"free" | "held" | "sold" | "mine"} status
 * @property {string} text In one line.
 *
 * @typedef {{section: string, name: string, category: SeatCategory | null, price: string, free: number, seats: number}} Area
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Text
 * @typedef {(place: number) => string | undefined} PriceOf The price of a seat that has one of its own, as text.
 */

/**
 * Texts by key, with numbers as the reader's language writes them.
 * @param {Record<string, string>} texts
 * @param {string} locale
 * @returns {Text}
 */
export function textsFrom(texts, locale) {
  const format = new Intl.NumberFormat(locale || undefined);
  return (key, values = {}) =>
    (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      return typeof value === "number" ? format.format(value) : value;
    });
}

export class Describer {
  /**
   * @param {import("./board.js").Board} board
   * @param {Text} text
   * @param {{key: string, name?: string, price?: string}[]} categories
   * @param {PriceOf} priceOf
   */
  constructor(board, text, categories, priceOf) {
    this.board = board;
    this.text = text;
    this.priceOf = priceOf;
    const given = new Map(categories.map((category) => [category.key, category]));
    /** @type {SeatCategory[]} */
    this.categories = board.hall.chart.layout.categories.map(({ key, name }) => ({
      key, name: given.get(key)?.name ?? name, price: given.get(key)?.price ?? "",
    }));
  }

  /**
   * @param {number} place
   * @returns {Seat}
   */
  seat(place) {
    const { board } = this;
    const { chart } = board.hall;
    const section = chart.sections[chart.sectionOf[place]];
    const row = chart.layout.rows[chart.rowOf[place]].label ?? "";
    const category = this.categories[chart.categoryOf[place]] ?? null;
    const id = chart.ids.id(place);
    const other = chart.companions.get(place);
    const number = chart.numberOf(place);
    const code = board.codes[place];
    return {
      id, place, row, number, category,
      section: section.key,
      sectionName: section.name,
      price: this.priceOf(place) ?? category?.price ?? "",
      accessible: Boolean(chart.flags[place] & ACCESSIBLE),
      restrictedView: Boolean(chart.flags[place] & RESTRICTED),
      companionOf: other === undefined ? null : chart.ids.id(other),
      status: board.mine.has(place) ? "mine" : code === FREE ? "free" : code === HELD ? "held" : "sold",
      text: this.join(section.name, row && this.text("row", { row }), this.text("seat", { number })),
    };
  }

  /**
   * What is particular about a seat besides where it is.
   * @param {Seat} seat
   * @returns {string[]}
   */
  details(seat) {
    return [
      seat.category?.name ?? "",
      seat.price,
      seat.accessible ? this.text("accessible") : "",
      seat.companionOf ? this.text("companion") : "",
      seat.restrictedView ? this.text("restricted") : "",
    ].filter(Boolean);
  }

  /**
   * @param {number} place
   * @returns {string} Also whether it is chosen: what is pressed is not said by all readers.
   */
  state(place) {
    const { board } = this;
    return this.text(board.chosen.has(place) ? "chosen" : this.seat(place).status);
  }

  /**
   * @param {number} part
   * @returns {Area}
   */
  area(part) {
    const { section, category: at } = this.board.hall.parts[part];
    const category = this.categories[at] ?? null;
    return { section: section.key, name: section.name, category, price: category?.price ?? "", ...this.board.sections[part] };
  }

  /** @param {string[]} parts */
  join(...parts) {
    return parts.filter(Boolean).join(this.text("join"));
  }
}
