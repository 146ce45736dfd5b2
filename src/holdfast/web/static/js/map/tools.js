/** The buttons beside the map: one tab stop, with arrow keys between them. */

import { icon, make } from "./dom.js";

/** Name of the text, icon, and what it does: a factor to zoom by, a way to move, or the whole hall. */
const BUTTONS = /** @type {const} */ ([
  ["zoomIn", "M12 5v14M5 12h14"],
  ["zoomOut", "M5 12h14"],
  ["whole", "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"],
  ["left", "M15 5l-7 7 7 7"],
  ["up", "M5 15l7-7 7 7"],
  ["down", "M5 9l7 7 7-7"],
  ["right", "M9 5l7 7-7 7"],
]);

/** @typedef {typeof BUTTONS[number][0]} Tool */

/**
 * @param {import("./describe.js").Text} text
 * @param {(tool: Tool) => void} act
 * @returns {{element: HTMLElement, enable: (tools: Partial<Record<Tool, boolean>>) => void, setFloors: (names: string[], floor: number, choose: (floor: number) => void, all: boolean) => void}}
 */
export function makeTools(text, act) {
  const element = make("div", "map-tools", { role: "toolbar", "aria-label": text("tools"), "aria-orientation": "horizontal" });
  /** @type {Map<Tool, HTMLButtonElement>} */
  const buttons = new Map();
  for (const [tool, path] of BUTTONS) {
    const button = make("button", `map-tool map-tool-${tool}`, { type: "button", "aria-label": text(tool), title: text(tool) }, icon(path));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") act(tool);
    });
    buttons.set(tool, button);
    element.append(button);
  }
  const floors = make("select", "map-floors", { "aria-label": text("floor"), hidden: "" });
  element.prepend(floors);
  const stops = () => /** @type {HTMLElement[]} */ ([...element.children]).filter((each) => !each.hidden && each.checkVisibility());
  /** @param {HTMLElement} stop */
  const rove = (stop) => {
    for (const each of element.children) /** @type {HTMLElement} */ (each).tabIndex = each === stop ? 0 : -1;
  };
  element.addEventListener("focusin", (event) => rove(/** @type {HTMLElement} */ (event.target)));
  element.addEventListener("keydown", (event) => {
    const all = stops();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by ? (at + by + all.length) % all.length : { Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    all[next].focus();
  });
  rove(/** @type {HTMLElement} */ (buttons.get("zoomIn")));
  let choose = (/** @type {number} */ _floor) => {};
  floors.addEventListener("change", () => choose(Number(floors.value)));
  return {
    element,
    // Disabled buttons keep the focus: it must not fall to the page while somebody zooms as far as it goes.
    enable(tools) {
      for (const [tool, can] of Object.entries(tools)) {
        buttons.get(/** @type {Tool} */ (tool))?.setAttribute("aria-disabled", String(!can));
      }
    },
    setFloors(names, floor, chosen, all) {
      choose = chosen;
      floors.replaceChildren();
      if (all) floors.append(new Option(text("allFloors"), "-1"));
      names.forEach((name, at) => floors.append(new Option(name, String(at))));
      floors.value = String(floor);
      floors.hidden = names.length < 2;
    },
  };
}
