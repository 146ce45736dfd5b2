/**
 * What is chosen, kept for this tab: Back and reload lose nothing.
 *
 * With the choice goes its idempotency key. A choice that is sent again has the same key as before, so an order whose
 * answer was lost is found again, and not made twice. The key is forgotten once its reservation has been shown.
 */

const CHOICE = "holdfast.choice.";
const KEYS = "holdfast.keys.";
const SHOWN = "holdfast.shown.";

/**
 * @param {string} event Its id.
 * @returns {string[]} Ids of seats.
 */
export function keptChoice(event) {
  return read(CHOICE + event) ?? [];
}

/**
 * @param {string} event
 * @param {string[]} seats
 */
export function keepChoice(event, seats) {
  write(CHOICE + event, seats.length ? seats : null);
}

/**
 * The key for a choice: the one that it had before, or a fresh one.
 * @param {string} event
 * @param {string} choice
 * @param {string} fresh
 */
export function keyFor(event, choice, fresh) {
  const keys = read(KEYS + event) ?? {};
  if (!keys[choice]) write(KEYS + event, { ...keys, [choice]: fresh });
  return keys[choice] ?? fresh;
}

/** @param {string} event Its reservation is on the screen. */
export function forget(event) {
  write(CHOICE + event, null);
  write(KEYS + event, null);
  write(SHOWN + event, madeAt());
}

/**
 * Load the page again if the browser's button has led back to it from a reservation that it does not know of. It would
 * show the seats as free, and its form would send the key of that reservation.
 * @param {string} event
 */
export function renewIfOlder(event) {
  const renew = () => (read(SHOWN + event) ?? 0) > madeAt() && location.reload();
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (navigation?.type === "back_forward") renew();
  addEventListener("pageshow", (shown) => shown.persisted && renew());
}

/** When the server made this page, by its clock. */
function madeAt() {
  return Number(document.documentElement.dataset.now);
}

/** @param {string} name */
function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function write(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden. The choice lives as long as the page.
  }
}
