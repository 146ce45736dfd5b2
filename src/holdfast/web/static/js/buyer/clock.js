/**
 * The time by the server's clock. The browser's may be wrong by hours; only how fast it runs is believed.
 *
 * The page says when it was made. One that comes from the browser's cache says what was true long ago, and a computer
 * may have slept in between: then the server is asked, for the date of a small file.
 */

const page = document.documentElement;
const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
/** The server's time at the origin of `performance.now()`. */
let origin = Number(page.dataset.now) - (navigation?.responseStart ?? 0);

/** A date of HTTP has whole seconds, and the way to the server and back takes its time. */
const TRUSTED_MS = 1_500;
const ASLEEP_MS = 20_000;

/** The server's time in milliseconds since 1970. */
export function now() {
  return origin + performance.now();
}

/** Compare with the server's clock. */
export async function compare() {
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  if (!icon) return;
  const asked = performance.now();
  try {
    const response = await fetch(icon.href, { method: "HEAD", cache: "no-store" });
    const date = Date.parse(response.headers.get("date") ?? "");
    const measured = date + 500 - (asked + performance.now()) / 2;
    if (!Number.isNaN(measured) && Math.abs(measured - origin) > TRUSTED_MS) origin = measured;
  } catch {
    // The connection is away. The clock goes on as it did.
  }
}

/**
 * Do something now, and whenever the time may have jumped.
 * @param {() => void} update
 */
export function onJump(update) {
  const again = () => void compare().then(update);
  if (navigation?.type === "back_forward") again();
  addEventListener("pageshow", (event) => event.persisted && again());
  let hiddenAt = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > ASLEEP_MS || Date.now() < hiddenAt) again();
    else update();
  });
  update();
}
