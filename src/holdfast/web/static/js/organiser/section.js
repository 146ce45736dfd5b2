// The forms of sections and imports: the map follows what is typed, a moment after the last key.
import { preview } from "./preview.js";

const PAUSE_MS = 300;
const FILE_BYTES_MAX = 4_000_000; // A larger file is only sent to be stored.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("section-form"));
const shown = preview();
if (form) {
  let timer = 0;
  const file = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=file]"));
  const pasted = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("#document"));

  /** Whether there is something to show: an empty import leaves the stored hall in place. */
  function isFilled() {
    if (!file) return true;
    const chosen = file.files?.[0];
    return chosen ? chosen.size <= FILE_BYTES_MAX : Boolean(pasted?.value);
  }

  function update() {
    shown.show(isFilled() && form ? form : undefined);
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(update, PAUSE_MS);
  });
  // The stored hall first: what is in the form may not be possible yet.
  shown.show().then(update);
}
