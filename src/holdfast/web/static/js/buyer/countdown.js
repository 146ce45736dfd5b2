/** Counts down to a time of the server's clock, once a second. */

import { now, onJump } from "./clock.js";

/**
 * @param {number} until In milliseconds since 1970.
 * @param {(seconds: number) => void} show Gets the seconds that are left, rounded up; 0 only once.
 */
export function countDown(until, show) {
  let timer = 0;
  let over = false;
  const tick = () => {
    clearTimeout(timer);
    if (over) return;
    const left = until - now();
    over = left <= 0;
    show(Math.max(0, Math.ceil(left / 1_000)));
    if (!over) timer = setTimeout(tick, Math.min(left, (left % 1_000) + 20 || 1_000));
  };
  onJump(tick);
}

/**
 * Minutes and seconds as 7:42; with hours 1:07:42.
 * @param {number} seconds
 */
export function clockText(seconds) {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3_600);
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

/** Turn the times in a list into countdowns (`data-until`). */
export function countAll() {
  for (const element of document.querySelectorAll("[data-until]")) {
    const until = Number(/** @type {HTMLElement} */ (element).dataset.until);
    countDown(until, (seconds) => (element.textContent = clockText(seconds)));
  }
}
