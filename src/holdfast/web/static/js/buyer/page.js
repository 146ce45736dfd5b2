/** What all buyer's scripts read from their page. */

const texts = /** @type {Record<string, string>} */ (json("buyer-texts"));

/**
 * The content of a JSON block of the page.
 * @param {string} id
 * @returns {any}
 */
export function json(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
}

/**
 * A text in the reader's language, with its gaps filled.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 */
export function text(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, gap) => String(values[gap] ?? ""));
}

/** @param {number} value */
export function number(value) {
  return value.toLocaleString(document.documentElement.lang);
}

/**
 * Writes amounts that are given in a currency's minor unit, such as yen or cents.
 * @param {string} currency ISO 4217
 * @returns {(amount: number) => string}
 */
export function moneyIn(currency) {
  const { lang } = document.documentElement;
  if (currency === "JPY" && lang === "ja") return (amount) => `${number(amount)}円`;
  const format = new Intl.NumberFormat(lang, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return (amount) => format.format(amount / 10 ** digits);
}

const STATUS_MS = 9_000;
let timer = 0;

/**
 * Say something once, to eyes and ears: in the page's one permanent status.
 * @param {string} sentence
 * @param {Node[]} [more] Such as a button.
 */
export function say(sentence, more = []) {
  const status = document.getElementById("status");
  if (!status) return;
  const paragraph = document.createElement("span");
  paragraph.textContent = sentence;
  status.replaceChildren(paragraph, ...more);
  clearTimeout(timer);
  timer = setTimeout(() => status.replaceChildren(), STATUS_MS);
}

/**
 * Send each form once: a second click would only ask the server for the same again.
 * @param {HTMLFormElement} form
 */
export function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  // Somebody has come back with the browser's button.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  });
}

/**
 * @template {HTMLElement} T
 * @param {string} selector
 * @returns {T | null}
 */
export function find(selector) {
  return document.querySelector(selector);
}
