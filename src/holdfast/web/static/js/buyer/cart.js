/** The seats that are chosen, beside the map and at the foot of a phone's screen. */

import { find, number, text } from "./page.js";

/** @typedef {import("../map/map.js").Seat} Seat */

export class Cart {
  /**
   * @param {(seat: Seat) => number | null} amountOf
   * @param {(amount: number) => string} money
   * @param {{remove: (id: string) => void, clear: () => void, proceed: () => void}} acts
   */
  constructor(amountOf, money, acts) {
    this.amountOf = amountOf;
    this.money = money;
    this.acts = acts;
    this.card = find("#cart");
    this.bar = find("#bar");
    this.card?.querySelector("[data-clear]")?.addEventListener("click", () => acts.clear());
    this.bar?.querySelector("[data-continue]")?.addEventListener("click", () => acts.proceed());
  }

  /** @param {Seat[]} seats */
  show(seats) {
    const amounts = seats.map(this.amountOf);
    const known = amounts.every((amount) => amount !== null);
    const total = amounts.reduce((/** @type {number} */ sum, amount) => sum + (amount ?? 0), 0);
    const sum = known ? this.money(total) : text("price_later");
    this.showCard(seats, amounts, sum);
    this.showBar(seats.length, sum);
  }

  /**
   * @param {Seat[]} seats
   * @param {(number | null)[]} amounts
   * @param {string} sum
   */
  showCard(seats, amounts, sum) {
    const { card } = this;
    if (!card) return;
    card.hidden = !seats.length;
    const lines = seats.map((seat, at) => this.line(seat, amounts[at]));
    const total = element("li", "total", element("span", "", text("total")), element("b", "number", sum));
    card.querySelector("[data-lines]")?.replaceChildren(...lines, total);
    card.querySelector("[data-seats]")?.replaceChildren(
      ...seats.map(({ id }) => Object.assign(document.createElement("input"), { type: "hidden", name: "seats", value: id })),
    );
  }

  /**
   * @param {Seat} seat
   * @param {number | null} amount
   */
  line(seat, amount) {
    const name = element("span", "", text(seat.row ? "seat_in_row" : "seat", { row: seat.row ?? "", number: seat.number }));
    const place = [seat.sectionName, seat.category?.name].filter(Boolean).join(" · ");
    if (place) name.append(document.createElement("br"), element("span", "muted small", place));
    const remove = element("button", "button button--quiet button--small", "×");
    remove.setAttribute("type", "button");
    remove.setAttribute("aria-label", text("remove", { seat: seat.text }));
    remove.addEventListener("click", () => this.acts.remove(seat.id));
    return element("li", "", name, element("span", "number", amount === null ? "" : this.money(amount)), remove);
  }

  /**
   * @param {number} count
   * @param {string} sum
   */
  showBar(count, sum) {
    const { bar } = this;
    if (!bar) return;
    const set = (/** @type {string} */ name, /** @type {string} */ value) => {
      const found = bar.querySelector(`[data-${name}]`);
      if (found) found.textContent = value;
    };
    set("count", count ? text(count === 1 ? "seats_one" : "seats", { n: number(count) }) : text("hint"));
    set("total", count ? sum : "");
    bar.querySelector("[data-continue]")?.toggleAttribute("hidden", !count);
    bar.querySelector("[data-best]")?.toggleAttribute("hidden", count > 0);
  }
}

/**
 * @param {string} tag
 * @param {string} name Its classes.
 * @param {...(Node | string)} children
 */
function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}
