/**
 * The keyboard's way through the hall, and what a screen reader says on it. The seat one stands on is a button that lies
 * over it. Each step goes to another button, because readers say what the focus moves to, but rarely that the name of
 * what has it has changed.
 */

import { make } from "./dom.js";
import { endOfRow, section, spotOf, step } from "./walk.js";

/** @typedef {import("./walk.js").Stop} Stop */

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/**
 * @typedef {object} Surroundings
 * @property {() => import("./hall.js").Hall} hall
 * @property {(place: number) => boolean} isShown
 * @property {(place: number) => boolean} isFree
 * @property {(stop: Stop) => {label: string, pressed: boolean | null, disabled: boolean}} describe
 * @property {(stop: Stop) => void} act
 * @property {(stop: Stop) => void} reveal Bring it into view, large enough.
 * @property {(key: string) => boolean} other Any other key; returns whether it meant something.
 * @property {(stop: Stop) => {x: number, y: number, size: number}} at On the canvas.
 */

export class Cursor {
  /**
   * @param {Surroundings} around
   * @param {import("./describe.js").Text} text
   */
  constructor(around, text) {
    this.around = around;
    /** @type {Stop | null} */
    this.stop = null;
    this.hasMoved = false;
    const help = make("p", "map-hidden", { id: `map-help-${Math.random().toString(36).slice(2)}` }, text("help"));
    this.buttons = [0, 1].map(() => make("button", "map-seat", { type: "button" }));
    this.element = make("div", "map-cursor", { role: "application", "aria-label": text("label"), "aria-describedby": help.id }, ...this.buttons, help);
    this.element.addEventListener("keydown", (event) => this.press(event));
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.stop && around.act(this.stop));
      button.addEventListener("focus", () => this.enter());
    }
    this.buttons[1].hidden = true;
  }

  get hasFocus() {
    return this.element.contains(document.activeElement);
  }

  /** The keyboard has come to the map: it begins where it was, else at the first free seat. */
  enter() {
    if (!this.hasMoved) this.stop = this.first();
    this.show();
    if (this.stop && this.buttons.some((button) => button.matches(":focus-visible"))) this.around.reveal(this.stop);
  }

  /** @returns {Stop | null} */
  first() {
    const { hall, isShown, isFree } = this.around;
    return section(hall(), -1, 1, isShown, isFree);
  }

  /** Another hall, or other floors: the button has a name, though nobody is on it yet. */
  reset() {
    this.hasMoved = false;
    this.stop = this.first();
    this.show();
  }

  /** @param {Stop} stop */
  put(stop) {
    this.hasMoved = true;
    this.stop = stop;
    this.show();
  }

  /** @param {Stop} stop */
  go(stop) {
    this.hasMoved = true;
    this.stop = stop;
    this.around.reveal(stop);
    const [now, next] = this.buttons[0].hidden ? [this.buttons[1], this.buttons[0]] : this.buttons;
    next.hidden = false;
    this.show();
    next.focus({ preventScroll: true });
    now.hidden = true;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { hall, isShown, isFree, other } = this.around;
    const { stop } = this;
    let next = null;
    if (event.key in ARROWS) {
      if (stop) next = step(hall(), stop, ...ARROWS[event.key], isShown);
    } else if (event.key === "Home" || event.key === "End") {
      if (stop && "place" in stop) next = { place: endOfRow(hall(), stop.place, event.key === "End") };
    } else if (event.key === "PageUp" || event.key === "PageDown") {
      const from = !stop ? -1 : "part" in stop ? stop.part : hall().chart.sectionOf[stop.place];
      next = section(hall(), from, event.key === "PageDown" ? 1 : -1, isShown, isFree);
    } else {
      if (other(event.key)) event.preventDefault();
      return;
    }
    event.preventDefault();
    if (next) this.go(next);
  }

  /** The view has moved, or what is said of the seat has changed. */
  show() {
    const { stop, around } = this;
    if (!stop) return;
    const { label, pressed, disabled } = around.describe(stop);
    const { x, y, size } = around.at(stop);
    for (const button of this.buttons) {
      if (button.hidden) continue;
      if (button.textContent !== label) button.textContent = label;
      if (pressed === null) button.removeAttribute("aria-pressed");
      else button.setAttribute("aria-pressed", String(pressed));
      button.setAttribute("aria-disabled", String(disabled));
      button.style.width = button.style.height = `${size}px`;
      button.style.transform = `translate(${x - size / 2}px, ${y - size / 2}px)`;
    }
  }

  /**
   * @param {Stop} stop
   * @returns {[number, number]}
   */
  spot(stop) {
    return spotOf(this.around.hall(), stop);
  }
}
