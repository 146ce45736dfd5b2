/** What taps, keys and the buttons do: they move the view, or mean a seat or an area. */

import { Cursor } from "./cursor.js";
import { make } from "./dom.js";
import { FREE } from "./flow.js";
import { enclose, isInside } from "./hall.js";
import { FAR } from "./painter.js";
import { Stage } from "./stage.js";
import { makeTools } from "./tools.js";
import { spotOf } from "./walk.js";

/** CSS pixels from seat to seat, below which a tap zooms in. A mouse shows which seat it is on, a finger does not. */
const TAP_MIN = 24;
const CLICK_MIN = 12;
const TAP_ZOOM = 32;
/** For the keyboard. */
const READABLE = 18;
const ZOOM = 1.6;
/** @type {Record<string, import("./tools.js").Tool>} */
const KEYS = { "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", 0: "whole" };

/**
 * @typedef {import("./walk.js").Stop} Stop
 *
 * @typedef {object} Meanings
 * @property {(place: number) => void} seat
 * @property {(part: number) => void} area
 * @property {() => boolean} canAct Whether seats and areas do anything.
 */

export class Play {
  /**
   * @param {HTMLElement} element
   * @param {import("./describe.js").Text} text
   * @param {Meanings} meanings
   */
  constructor(element, text, meanings) {
    this.text = text;
    this.meanings = meanings;
    /** @type {import("./board.js").Board | null} */
    this.board = null;
    /** @type {import("./describe.js").Describer | null} */
    this.words = null;
    this.hovered = -1;
    /** Where the mouse is on the canvas. @type {[number, number]} */
    this.mouse = [NaN, NaN];
    this.stage = new Stage(text, {
      tap: (sx, sy, pointer) => this.tap(sx, sy, pointer),
      hover: (sx, sy) => this.hover(sx, sy),
      moved: () => this.moved(),
    });
    this.cursor = new Cursor({
      hall: () => this.hall,
      isShown: (place) => Boolean(this.board?.isShown(place)),
      isFree: (place) => this.board?.codes[place] === FREE,
      describe: (stop) => this.describe(stop),
      act: (stop) => this.act(stop),
      reveal: (stop) => this.reveal(stop, READABLE),
      other: (key) => this.key(key),
      at: (stop) => this.ringAt(stop),
    }, text);
    this.cursor.element.hidden = true;
    this.tools = makeTools(text, (tool) => this.use(tool));
    this.ring = make("div", "map-ring", { hidden: "" });
    this.tip = make("div", "map-tip", { hidden: "", "aria-hidden": "true" });
    this.stage.element.append(this.ring, this.cursor.element, this.tip);
    element.append(this.stage.element, this.tools.element);
  }

  get hall() {
    if (!this.board) throw new Error("the hall is not there yet");
    return this.board.hall;
  }

  get view() {
    return this.stage.view;
  }

  /**
   * @param {import("./board.js").Board} board
   * @param {import("./describe.js").Describer} words
   * @param {boolean} keep Whether to go on showing the same part.
   */
  setBoard(board, words, keep) {
    [this.board, this.words, this.cursor.stop] = [board, words, null];
    const { floors } = board.hall.chart.layout;
    if (board.hall.stacked) this.showFloor(Math.min(Math.max(board.floor, 0), floors.length - 1));
    this.cursor.element.hidden = !board.hall.chart.seats;
    this.stage.setHall(board, keep);
    this.cursor.reset();
    this.tools.setFloors(floors.map((floor) => floor.name), board.floor, (floor) => this.showFloor(floor), !board.hall.stacked);
  }

  /** @param {number} floor */
  showFloor(floor) {
    if (!this.board) return;
    this.board.floor = floor;
    this.board.refreshAll();
    const { stop } = this.cursor;
    if (stop && "place" in stop && !this.board.isShown(stop.place)) this.cursor.reset();
    /** @type {import("./view.js").Box} */
    const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (const part of this.hall.parts) if (floor >= 0 && part.section.floor === floor) enclose(box, part.box);
    if (this.stage.painter) this.stage.glide(() => this.view.fit(box.left < box.right ? box : this.hall.box));
  }

  /**
   * @param {number} sx
   * @param {number} sy
   * @param {string} pointer
   */
  tap(sx, sy, pointer) {
    if (!this.board) return;
    const { view, stage } = this;
    const [x, y] = view.toHall(sx, sy);
    const part = this.partAt(x, y);
    const area = part >= 0 && this.hall.parts[part].section.area;
    if (view.seat < FAR && part >= 0 && !area) {
      const { box } = this.hall.parts[part];
      const scale = Math.max(view.fitting(box), (2 * FAR) / view.pitch);
      const fits = scale <= view.fitting(box);
      stage.glide(() => view.put(scale, fits ? (box.left + box.right) / 2 : x, fits ? (box.top + box.bottom) / 2 : y));
      return;
    }
    const place = this.placeAt(x, y);
    const least = pointer === "mouse" ? CLICK_MIN : TAP_MIN;
    if (area && place < 0) {
      if (this.meanings.canAct()) this.act({ part });
    } else if (view.seat < least) {
      stage.glide(() => view.put(TAP_ZOOM / view.pitch, x, y));
    } else if (place >= 0 && this.meanings.canAct()) {
      this.act({ place });
    }
  }

  /** @param {Stop} stop */
  act(stop) {
    this.cursor.put(stop);
    if (!this.meanings.canAct()) return;
    if ("place" in stop) this.meanings.seat(stop.place);
    else this.meanings.area(stop.part);
    this.refresh();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {number} The seat at a point of the hall; -1 if there is none.
   */
  placeAt(x, y) {
    const { board, view } = this;
    if (!board || view.seat < FAR) return -1;
    return this.hall.grid.nearest(x, y, Math.max(0.6 * view.pitch, Math.min(8 / view.scale, view.pitch)), (place) => board.isShown(place));
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {number} The section at a point of the hall; -1 if there is none. Areas lie under all others.
   */
  partAt(x, y) {
    const { board } = this;
    if (!board) return -1;
    const shown = board.hall.parts.flatMap((part, at) =>
      part.section.seats && (board.floor < 0 || part.section.floor < 0 || part.section.floor === board.floor) && isInside(part.outline, x, y) ? [at] : []);
    return shown.find((at) => !this.hall.parts[at].section.area) ?? shown[0] ?? -1;
  }

  /**
   * Show what the mouse is on.
   * @param {number} sx NaN when it has left.
   * @param {number} sy
   */
  hover(sx, sy) {
    const { board, words, view, tip, ring } = this;
    this.mouse = [sx, sy];
    if (!board || !words) return;
    const [x, y] = view.toHall(sx, sy);
    const place = sx === sx ? this.placeAt(x, y) : -1;
    const part = place < 0 && sx === sx ? this.partAt(x, y) : -1;
    const area = part >= 0 && (this.hall.parts[part].section.area || view.seat < FAR);
    const could = this.meanings.canAct() && (place >= 0 ? board.canChoose(place) || board.chosen.has(place) : area);
    this.stage.canvas.classList.toggle("map-can", could);
    this.hovered = place;
    ring.hidden = place < 0;
    tip.hidden = place < 0 && !area;
    if (place >= 0) {
      this.putRing(ring, { place });
      const seat = words.seat(place);
      const head = [seat.row && this.text("row", { row: seat.row }), this.text("seat", { number: seat.number })].filter(Boolean);
      tip.replaceChildren(
        make("strong", "", {}, words.join(...head)), make("span", "", {}, seat.sectionName),
        make("span", "", {}, words.details(seat).join(" · ")), make("span", "map-tip-state", {}, words.state(place)));
    } else if (area) {
      const { name, category, price, free } = words.area(part);
      tip.replaceChildren(
        make("strong", "", {}, name), make("span", "", {}, [category?.name, price].filter(Boolean).join(" · ")),
        make("span", "map-tip-state", {}, free ? this.text("areaFree", { count: free }) : this.text("areaNone")));
    }
    if (!tip.hidden) {
      const [tx, ty] = place >= 0 ? view.toCanvas(...spotOf(this.hall, { place })) : [sx, sy];
      const half = Math.max(view.seat, 16) / 2 + 8;
      const left = Math.min(Math.max(tx - tip.offsetWidth / 2, 4), view.width - tip.offsetWidth - 4);
      const above = ty - half - tip.offsetHeight;
      tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(above > 4 ? above : ty + half)}px)`;
    }
  }

  /**
   * @param {Stop} stop
   * @returns {{x: number, y: number, size: number}}
   */
  ringAt(stop) {
    const [x, y] = this.view.toCanvas(...spotOf(this.hall, stop));
    return { x, y, size: Math.max(this.view.seat, 24) };
  }

  /**
   * @param {HTMLElement} ring
   * @param {Stop} stop
   */
  putRing(ring, stop) {
    const [x, y] = this.view.toCanvas(...spotOf(this.hall, stop));
    const size = Math.max(this.view.seat, 8);
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.transform = `translate(${x - size / 2}px, ${y - size / 2}px)`;
  }

  /**
   * @param {Stop} stop
   * @returns {{label: string, pressed: boolean | null, disabled: boolean}}
   */
  describe(stop) {
    const { board, words } = this;
    if (!board || !words) return { label: "", pressed: null, disabled: true };
    const can = this.meanings.canAct();
    if ("part" in stop) {
      const { name, category, price, free } = words.area(stop.part);
      const count = free ? this.text("areaFree", { count: free }) : this.text("areaNone");
      return { label: words.join(name, category?.name ?? "", price, count), pressed: null, disabled: !can };
    }
    const { place } = stop;
    const seat = words.seat(place);
    const chosen = board.chosen.has(place);
    return {
      label: words.join(seat.text, ...words.details(seat), words.state(place)),
      pressed: can ? chosen : null,
      disabled: !can || !(chosen || board.canChoose(place)),
    };
  }

  /**
   * Bring a seat into view.
   * @param {Stop} stop
   * @param {number} least CSS pixels from seat to seat.
   */
  reveal(stop, least) {
    const { view } = this;
    const [x, y] = spotOf(this.hall, stop);
    const [sx, sy] = view.toCanvas(x, y);
    const edge = Math.min(48, view.width / 4, view.height / 4);
    const inside = sx > edge && sy > edge && sx < view.width - edge && sy < view.height - edge;
    if ("place" in stop && view.seat < least) this.stage.glide(() => view.put((least * 1.3) / view.pitch, x, y));
    else if (!inside) this.stage.glide(() => view.put(view.scale, x, y));
  }

  /** @param {import("./tools.js").Tool} tool */
  use(tool) {
    const { view, stage } = this;
    const by = { left: [1, 0], right: [-1, 0], up: [0, 1], down: [0, -1] };
    stage.glide(() => {
      if (tool === "whole") view.fit(this.hall.box);
      else if (tool === "zoomIn" || tool === "zoomOut") view.zoom(tool === "zoomIn" ? ZOOM : 1 / ZOOM);
      else view.pan(by[tool][0] * view.width * 0.4, by[tool][1] * view.height * 0.4);
    });
  }

  /** @param {string} key */
  key(key) {
    const tool = KEYS[key];
    if (tool) this.use(tool);
    return Boolean(tool);
  }

  moved() {
    const { view } = this;
    const can = !view.whole;
    this.tools.enable({ zoomIn: view.scale < view.most * 0.999, zoomOut: can, whole: can, left: can, right: can, up: can, down: can });
    this.tip.hidden = true;
    if (this.hovered >= 0) this.putRing(this.ring, { place: this.hovered });
    if (this.board) this.cursor.show();
  }

  /** What is said of seats may have changed. */
  refresh() {
    if (this.board) this.cursor.show();
    if (this.hovered >= 0 && !this.tip.hidden) this.hover(...this.mouse);
  }
}
