// Shows a hall on the buyers' own map. The server lays it out, stored or not.
import { mountMap } from "../map/map.js";

/**
 * @typedef {import("../map/layout.js").Layout} Layout
 * @typedef {{seats?: number, layout?: Layout | null, faults?: Record<string, string>}} Preview
 */

/**
 * Puts a preview on the page.
 *
 * @returns {{show: (form?: HTMLFormElement) => Promise<void>}} `show` fetches the stored hall, or that of a form.
 */
export function preview() {
  const place = /** @type {HTMLElement} */ (document.getElementById("map"));
  const said = document.getElementById("preview-said");
  const texts = JSON.parse(document.getElementById("map-texts")?.textContent ?? "{}");
  /** @type {ReturnType<typeof mountMap> | null} */
  let map = null;
  let latest = 0;
  let size = "";

  /**
   * @param {string} text
   * @param {boolean} bad
   */
  function say(text, bad) {
    if (!said) return;
    said.textContent = text;
    if (bad) said.dataset.tone = "bad";
    else delete said.dataset.tone;
  }

  /** @param {Preview} answer */
  function draw(answer) {
    if (answer.faults) {
      say(Object.values(answer.faults).join(" "), true);
      return;
    }
    const pattern = said?.dataset.seats ?? "";
    say(pattern.replace("{count}", (answer.seats ?? 0).toLocaleString(document.documentElement.lang)), false);
    if (!answer.layout) return;
    if (map) {
      map.setLayout(answer.layout);
      // What was added may lie outside what was to be seen.
      if (String(answer.layout.size) !== size) map.show({ hall: true });
    } else map = mountMap(place, { texts, locale: document.documentElement.lang, layout: answer.layout, mode: "look" });
    size = String(answer.layout.size);
  }

  /** @param {HTMLFormElement} [form] */
  async function show(form) {
    const turn = ++latest;
    try {
      const answer = form
        ? await fetch(place.dataset.preview ?? "", { method: "POST", body: new FormData(form) })
        : await fetch(place.dataset.stored ?? "");
      if (!answer.ok) return;
      const told = await answer.json();
      if (turn === latest) draw(form ? told : { seats: told.seats, layout: told.seats ? told : null });
    } catch {
      // Without a connection the last picture stays. Saving says what is wrong.
    }
  }

  return { show };
}
