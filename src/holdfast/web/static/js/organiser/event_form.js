// The form of an event. A new one is given the browser's zone; the end keeps its distance from the beginning.

/** @param {string} text A local time, as a field has it. */
const minutesOf = (text) => Date.parse(`${text}Z`) / 60_000;

/** @param {number} minutes */
const textOf = (minutes) => new Date(minutes * 60_000).toISOString().slice(0, 16);

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-event-form]"));
if (form) {
  /** @param {string} id */
  const field = (id) => /** @type {HTMLInputElement | null} */ (form.querySelector(`#${id}`));
  const [starts, ends, zone] = [field("starts"), field("ends"), field("zone")];
  if (zone && form.dataset.guess === "yes") {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (document.querySelector(`#zones option[value="${CSS.escape(here)}"]`)) zone.value = here;
  }
  if (starts && ends) {
    let lasts = minutesOf(ends.value) - minutesOf(starts.value);
    ends.addEventListener("change", () => {
      lasts = minutesOf(ends.value) - minutesOf(starts.value);
    });
    starts.addEventListener("change", () => {
      const begins = minutesOf(starts.value);
      if (ends.value && lasts >= 0 && !Number.isNaN(begins)) ends.value = textOf(begins + lasts);
    });
  }
}
