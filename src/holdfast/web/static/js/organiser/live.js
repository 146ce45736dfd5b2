// Keeps the live sale up to date: fetches the page again and replaces the parts that have changed. One request at a
// time, at most one in five seconds, and none while nobody sees the page.

const PAUSE_MS = 5_000;
const PATIENCE_MS = 20_000;
const said = document.getElementById("live-said");
const words = said?.textContent ?? "";

/** Fetches this page. An XMLHttpRequest parses it; scripts in it do not run. */
function fetchPage() {
  return new Promise((/** @type {(page: Document) => void} */ resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = PATIENCE_MS;
    request.onload = () => {
      const page = request.responseXML;
      if (request.status === 200 && page?.querySelector("[data-part]")) resolve(page);
      else reject(new Error(`status ${request.status}`));
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

/** @param {Document} page */
function replaceParts(page) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.isEqualNode(part)) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement?.id : "";
    part.replaceWith(document.importNode(fresh, true));
    if (focused) document.getElementById(focused)?.focus();
  }
}

async function update() {
  if (document.hidden) return;
  try {
    replaceParts(await fetchPage());
    if (said && said.textContent !== words) said.textContent = words;
  } catch {
    if (said) said.textContent = said.dataset.lost ?? "";
  }
}

let timer = 0;
/** When the last update began, so that somebody who switches back and forth causes no more requests. */
let begun = Date.now();

function plan() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = window.setTimeout(async () => {
    begun = Date.now();
    await update();
    plan();
  }, Math.max(0, begun + PAUSE_MS - Date.now()));
}

document.addEventListener("visibilitychange", plan);
plan();
