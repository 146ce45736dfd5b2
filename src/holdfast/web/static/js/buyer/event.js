/** The page of an event: puts the map, one's choice and the forms together, and opens the sale when it is time. */

import { mountMap } from "../map/map.js";
import { Cart } from "./cart.js";
import { countAll, countDown, clockText } from "./countdown.js";
import { keepChoice, keptChoice, keyFor, renewIfOlder } from "./kept.js";
import { find, json, moneyIn, number, say, sendOnce, text } from "./page.js";

/**
 * @typedef {import("../map/map.js").Seat} Seat
 * @typedef {object} EventData What the server says in `#event-data`.
 * @property {string} event
 * @property {{layout: string, bits: string, changes: string}} sources
 * @property {number} chart_version
 * @property {string} currency
 * @property {{key: string, name: string, color: string, price: string, amount: number}[]} categories
 * @property {[number, number, number][]} own_prices Runs of seats with a price of their own: first, seats, price.
 * @property {number} seats_max
 * @property {string[]} mine
 * @property {string[]} chosen
 * @property {string | null} changes
 */

/** The server opens the sale by its database's clock. */
const OPENING_SLACK_MS = 300;

const data = /** @type {EventData} */ (json("event-data"));
const money = moneyIn(data.currency);
const amounts = new Map(data.categories.map((category) => [category.key, category.amount]));
const form = /** @type {HTMLFormElement | null} */ (find("[data-hold]"));
const best = /** @type {HTMLFormElement | null} */ (find("[data-best-form]"));
/** A hold that gets other seats has its own choice; the one for a new hold stays as it is. */
const shelf = data.changes ?? data.event;
const chosen = data.chosen.length ? data.chosen : keptChoice(shelf);

const cart = new Cart(amountOf, money, {
  remove: (id) => map?.select([id], { remove: true }),
  clear: () => map?.select([]),
  proceed: () => form?.requestSubmit(),
});

const element = document.getElementById("map");
const map = element && mountMap(element, {
  texts: json("map-texts"),
  locale: document.documentElement.lang,
  sources: data.sources,
  chartVersion: data.chart_version,
  mode: form ? "buy" : "look",
  categories: data.categories,
  priceOf(place) {
    const amount = ownAmount(place);
    return amount === undefined ? undefined : money(amount);
  },
  selection: form ? chosen : [],
  mine: data.changes ? data.mine.filter((id) => !data.chosen.includes(id)) : data.mine,
  own: data.changes ? data.mine : [],
  limits: { max: data.seats_max },
  onSelect: (seats) => showChoice(seats),
  onLost: (seats) =>
    say(seats.length === 1 ? text("gone_one", { seat: seats[0].text }) : text("gone", { seats: seats.map((seat) => seat.text).join(", ") })),
  onLimit: (max) => say(text("limit", { n: max })),
  onTaken: (seat) => say(text("taken", { seat: seat.text })),
  onArea: (area) => offerArea(area.section),
  onAvailability: (counts) => showCounts(counts),
  onReady: () => map && showChoice(map.selection),
});

/** @param {Seat} seat */
function amountOf(seat) {
  return ownAmount(seat.place) ?? amounts.get(seat.category?.key ?? "") ?? null;
}

/**
 * @param {number} place In the chart.
 * @returns {number | undefined} What a seat costs if it has a price of its own.
 */
function ownAmount(place) {
  return data.own_prices.find(([first, seats]) => first <= place && place < first + seats)?.[2];
}

/** @param {Seat[]} seats */
function showChoice(seats) {
  const ids = seats.map((seat) => seat.id);
  keepChoice(shelf, ids);
  cart.show(seats);
  setKey(form, ids.slice().sort().join(","));
}

/**
 * Put the idempotency key of a choice into its form.
 * @param {HTMLFormElement | null} to
 * @param {string} choice
 */
function setKey(to, choice) {
  const field = /** @type {HTMLInputElement | null} */ (to?.querySelector("[name=key]") ?? null);
  if (!field) return;
  field.dataset.fresh ??= field.value;
  // Every choice of this page has another fresh key, since the server mixes the choice into it.
  field.value = keyFor(shelf, choice, field.dataset.fresh);
}

/** @param {import("../map/map.js").Availability} counts */
function showCounts(counts) {
  for (const [key, { free }] of Object.entries(counts.categories)) {
    const shown = document.querySelector(`[data-free="${CSS.escape(key)}"]`);
    if (shown) shown.textContent = free ? text("free", { n: number(free) }) : text("sold_out");
  }
}

/**
 * Places of an area are sold by count: choose it in the form that asks for one.
 * @param {string} key
 */
function offerArea(key) {
  const where = /** @type {HTMLSelectElement | null} */ (find("#where"));
  if (!where) return;
  where.value = `area:${key}`;
  find("#best")?.scrollIntoView({ block: "center" });
  find("#count")?.focus({ preventScroll: true });
}

function wireBest() {
  const count = /** @type {HTMLInputElement | null} */ (find("#count"));
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      if (!count) return;
      const step = Number(/** @type {HTMLElement} */ (button).dataset.step);
      count.value = String(Math.min(Number(count.max), Math.max(1, (Number(count.value) || 1) + step)));
    });
  }
  best?.addEventListener("submit", () => {
    const fields = [...new FormData(best)].filter(([name]) => name !== "key" && name !== "code");
    setKey(best, JSON.stringify(fields));
  });
}

/** Count down to the opening, and let the forms be sent from then on. Nothing is asked of the server at that moment. */
function waitForOpening() {
  const counter = find("[data-opens]");
  if (!counter) return;
  const opensAt = Number(counter.dataset.opens) + OPENING_SLACK_MS;
  countDown(opensAt, (seconds) => {
    const days = Math.floor(seconds / 86_400);
    const unit = Object.assign(document.createElement("small"), { textContent: counter.dataset.days });
    counter.replaceChildren(...(days ? [String(days), unit] : []), clockText(seconds % 86_400));
    if (seconds > 0) return;
    find("#opening")?.remove();
    for (const button of document.querySelectorAll("[data-waits]")) button.removeAttribute("disabled");
    say(text("opened"));
  });
}

for (const each of [form, best]) {
  if (!each) continue;
  sendOnce(each);
  each.addEventListener("submit", () => map?.setBusy(true));
}
addEventListener("pageshow", (event) => event.persisted && map?.setBusy(false));
renewIfOlder(shelf);
wireBest();
waitForOpening();
countAll();
