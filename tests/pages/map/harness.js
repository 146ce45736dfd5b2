// What a page does with the map, reduced: it mounts it and keeps what it is told, for tests to read.
import { mountMap } from "/static/js/map/map.js";

const query = new URLSearchParams(location.search);
const hall = query.get("hall") ?? "sample";
const told = (window.told = []);
let beReady;
window.ready = new Promise((done) => (beReady = done));
const note = (name) => (...values) => told.push([name, ...values.map((value) => (value instanceof Element ? value.id : value))]);
const sources = { layout: `/map/${hall}/layout`, bits: `/map/${hall}/bits`, changes: `/map/${hall}/changes` };
const given = query.has("given") ? { layout: await (await fetch(sources.layout)).json() } : { sources };
performance.mark("begin");
window.map = mountMap(document.getElementById("map"), {
  texts: JSON.parse(document.getElementById("map-texts").textContent),
  categories: [
    { key: "premium", price: "¥12,000" }, { key: "standard", price: "¥8,000" }, { key: "economy", price: "¥5,000" },
    { key: "lower", price: "¥9,000" }, { key: "upper", price: "¥6,000" }, { key: "top", price: "¥4,000" },
  ],
  priceOf: (place) => (place === 2 ? "¥1" : undefined),
  mode: query.get("mode") ?? "buy",
  limits: { max: Number(query.get("max") ?? 8), party: Number(query.get("party") ?? 1) },
  ...given,
  ...Object.fromEntries(
    ["onSelect", "onLost", "onLimit", "onTaken", "onArea", "onConnection"].map((name) => [name, note(name)])),
  onReady() {
    performance.measure("ready", "begin");
    told.push(["onReady"]);
    beReady();
  },
});
