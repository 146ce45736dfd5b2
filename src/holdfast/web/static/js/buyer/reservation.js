/** The page of a reservation: counts down, warns in time, and says what has been done. */

import { compare, now } from "./clock.js";
import { clockText, countDown } from "./countdown.js";
import { forget } from "./kept.js";
import { find, json, say, sendOnce, text } from "./page.js";

const { event, reservation, notice, warns, extensions } = json("reservation-data");
/** A little later than the end, so that the server has seen it pass, too, and not everybody's at once. */
const RELOAD_MS = [700, 1_500];

forget(event);
forget(reservation);

for (const form of document.querySelectorAll("form[data-once]")) sendOnce(/** @type {HTMLFormElement} */ (form));

const counter = find("[data-hold-until]");
const meter = /** @type {HTMLProgressElement | null} */ (find("progress"));
const warning = find("#warning");
/** Minutes that have been said already, or had passed when the page was opened. @type {Set<number>} */
const said = new Set();

if (counter) {
  const until = Number(counter.dataset.holdUntil);
  const from = Math.min(Number(find("#hold")?.dataset.from), now());
  let first = true;
  countDown(until, (seconds) => {
    counter.textContent = clockText(seconds);
    if (meter) meter.value = Math.max(0, (100 * seconds * 1_000) / (until - from));
    warn(seconds, first);
    first = false;
    if (seconds === 0) end();
  });
}
if (notice === "extended" && counter) say(text("extended", { time: counter.textContent ?? "" }));
else if (notice === "booked" || notice === "changed") say(text(notice));

/**
 * Show the warning, and say it once when a limit is passed.
 * @param {number} seconds
 * @param {boolean} first
 */
function warn(seconds, first) {
  const passed = warns.filter((/** @type {number} */ limit) => seconds <= limit);
  const limit = Math.min(...passed);
  if (!passed.length || seconds === 0 || said.has(limit)) return;
  for (const each of passed) said.add(each);
  const minutes = Math.round(limit / 60);
  const left = minutes === 1 ? text("minute_left") : text("minutes_left", { n: minutes });
  const advice = text(extensions ? "more_time" : "last_time");
  const shown = warning?.querySelector("[data-warning]");
  if (warning && shown) {
    shown.textContent = first && seconds < limit - 5 ? advice : `${left} ${advice}`;
    warning.hidden = false;
  }
  if (!first) say(`${left} ${advice}`);
}

/** The hold has ended. The page that the server makes now says so, and offers the same seats if they are free. */
async function end() {
  say(text("ended"));
  await compare();
  setTimeout(() => location.reload(), RELOAD_MS[0] + Math.random() * RELOAD_MS[1]);
}
