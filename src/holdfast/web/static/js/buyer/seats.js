/** The list of seats: keeps what is ticked, adds up prices, and opens another part of the hall at once. */

import { keepChoice, keptChoice, keyFor, renewIfOlder } from "./kept.js";
import { find, json, moneyIn, number, say, sendOnce, text } from "./page.js";

const { event, currency, changes, seats_max: max, refused } = json("event-data");
const money = moneyIn(currency);
const shelf = changes ?? event;
const form = /** @type {HTMLFormElement | null} */ (find("[data-list]"));

/** @returns {HTMLInputElement[]} */
function boxes() {
  return form ? [...form.querySelectorAll("input[name=seats]")].map((box) => /** @type {HTMLInputElement} */ (box)) : [];
}

function show() {
  const ticked = boxes().filter((box) => box.checked);
  const here = new Set(boxes().map((box) => box.value));
  // Seats of other parts of the hall stay chosen.
  const ids = [...keptChoice(shelf).filter((id) => !here.has(id)), ...ticked.map((box) => box.value)];
  keepChoice(shelf, ids);
  const sum = ticked.reduce((total, box) => total + Number(box.dataset.amount ?? 0), 0);
  const count = form?.querySelector("[data-count]");
  const total = form?.querySelector("[data-total]");
  if (count && ids.length) count.textContent = text(ids.length === 1 ? "seats_one" : "seats", { n: number(ids.length) });
  if (total) total.textContent = ids.length && ids.length === ticked.length ? money(sum) : "";
  const key = /** @type {HTMLInputElement | null} */ (form?.querySelector("[name=key]"));
  if (key) key.value = keyFor(shelf, ids.slice().sort().join(","), (key.dataset.fresh ??= key.value));
}

/** Seats that are chosen in other parts of the hall are sent, too. */
function addOthers() {
  const here = new Set(boxes().map((box) => box.value));
  for (const id of keptChoice(shelf)) {
    if (!here.has(id)) {
      form?.append(Object.assign(document.createElement("input"), { type: "hidden", name: "seats", value: id }));
    }
  }
}

renewIfOlder(shelf);
if (form) {
  if (!refused && !changes) {
    const kept = new Set(keptChoice(shelf));
    for (const box of boxes()) if (kept.has(box.value) && !box.disabled) box.checked = true;
  }
  show();
  form.addEventListener("change", (change) => {
    const box = /** @type {HTMLInputElement} */ (change.target);
    show();
    if (box.checked && keptChoice(shelf).length > max) {
      box.checked = false;
      show();
      say(text("limit", { n: max }));
    }
  });
  form.addEventListener("submit", addOthers);
  sendOnce(form);
}
const section = /** @type {HTMLSelectElement | null} */ (find("#section"));
section?.addEventListener("change", () => section.form?.requestSubmit());
