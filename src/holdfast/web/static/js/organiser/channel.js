// A channel's seats: those that are tapped on the map are named below it, and sent with the form.
import { mountMap } from "../map/map.js";

const place = document.getElementById("map");
const chosen = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=seat_ids]"));
const byMap = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=by][value=map]"));
const tapped = document.getElementById("tapped");
const texts = JSON.parse(document.getElementById("map-texts")?.textContent ?? "{}");

if (place && chosen && byMap && tapped) {
  const { layout, bits, changes } = place.dataset;
  mountMap(place, {
    texts,
    locale: document.documentElement.lang,
    sources: { layout: layout ?? "", bits: bits ?? "", changes: changes ?? "" },
    mode: "any",
    selection: chosen.value.split(" ").filter(Boolean),
    onSelect(seats) {
      byMap.checked = true;
      chosen.value = seats.map((seat) => seat.id).join(" ");
      tapped.textContent = seats.length ? seats.map((seat) => seat.text).join("; ") : tapped.dataset.none ?? "";
    },
  });
}
