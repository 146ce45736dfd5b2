/** The canvas with what lies over it, and the movements of the view. It draws once a frame, and only if something changed. */

import { make } from "./dom.js";
import { watchPointers } from "./input.js";
import { Painter } from "./painter.js";
import { View } from "./view.js";

const GLIDE_MS = 240;
/** The share of its speed that a thrown hall keeps each millisecond. */
const FRICTION = 0.995;
const HINT_MS = 1_600;
/** The buttons take so much of the canvas's right side, or of its top where it is narrow, as in map.css. */
const TOOLS_REM = 3.5;
const NARROW_REM = 30;

/**
 * @typedef {object} Reactions
 * @property {(sx: number, sy: number, pointer: string) => void} tap
 * @property {(sx: number, sy: number) => void} hover
 * @property {() => void} moved After each frame in which the view has moved.
 */

export class Stage {
  /**
   * @param {import("./describe.js").Text} text
   * @param {Reactions} reactions
   */
  constructor(text, reactions) {
    this.text = text;
    this.reactions = reactions;
    this.canvas = make("canvas", "map-canvas", { "aria-hidden": "true" });
    this.hint = make("p", "map-hint", { "aria-hidden": "true" });
    this.element = make("div", "map-stage", {}, this.canvas, this.hint);
    this.view = new View({ left: 0, top: 0, right: 1, bottom: 1 }, 1);
    /** @type {Painter | null} */
    this.painter = null;
    /** @type {Set<number>} */
    this.patches = new Set();
    this.dirty = false;
    this.moving = false;
    this.frame = 0;
    this.glideFrame = 0;
    this.hintTimer = 0;
    this.ended = new AbortController();
    const { signal } = this.ended;
    watchPointers(this.canvas, {
      tap: reactions.tap,
      hover: reactions.hover,
      pan: (dx, dy) => this.change(() => this.view.pan(dx, dy)),
      zoom: (factor, sx, sy) => this.change(() => this.view.zoom(factor, sx, sy)),
      isWhole: () => this.view.whole,
      fling: (vx, vy) => this.fling(vx, vy),
      stop: () => this.stop(),
      hint: () => this.showHint(),
    }, signal);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
    const recolor = () => {
      this.painter?.recolor();
      this.redraw();
    };
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", recolor, { signal });
    }
    // A page may have a switch of its own between light and dark.
    this.themes = new MutationObserver(recolor);
    this.themes.observe(document.documentElement, { attributes: true });
  }

  destroy() {
    this.ended.abort();
    this.observer.disconnect();
    this.themes.disconnect();
    cancelAnimationFrame(this.frame);
    this.stop();
  }

  /**
   * @param {import("./board.js").Board} board
   * @param {boolean} keep Whether to go on showing the same part, of a hall that is much the same.
   */
  setHall(board, keep) {
    const { box, pitch } = board.hall;
    const before = this.view;
    this.view = new View(box, pitch);
    this.painter = new Painter(this.canvas, board, this.view, this.text);
    this.resize();
    if (keep && !before.whole) {
      const [x, y] = before.toHall(before.width / 2, before.height / 2);
      this.view.put((before.scale * before.pitch) / pitch, x, y);
    }
    this.redraw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    const tools = TOOLS_REM * rem;
    this.view.resize(clientWidth, clientHeight, clientWidth < NARROW_REM * rem ? { top: tools } : { right: tools });
    this.painter?.resize(window.devicePixelRatio || 1);
    this.moving = true;
    // Now and not in the next frame: a canvas that was resized is empty.
    this.dirty = true;
    this.paint();
  }

  /** Draw everything in the next frame. */
  redraw() {
    this.dirty = true;
    this.schedule();
  }

  /** @param {Iterable<number>} places Seats whose state has changed. */
  patch(places) {
    for (const place of places) this.patches.add(place);
    this.schedule();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.painter && this.view.width > 1) {
      if (this.painter.ratio !== (window.devicePixelRatio || 1)) this.painter.resize(window.devicePixelRatio || 1);
      if (this.dirty) this.painter.draw();
      else if (this.patches.size) this.painter.patch(this.patches);
    }
    this.patches.clear();
    this.dirty = false;
    if (!this.moving) return;
    this.moving = false;
    // One finger scrolls the page while the whole hall is in view, and two are always the map's.
    this.canvas.style.touchAction = this.view.whole ? "pan-x pan-y" : "none";
    this.canvas.classList.toggle("map-movable", !this.view.whole);
    this.reactions.moved();
  }

  /** @param {() => void} move */
  change(move) {
    move();
    this.moving = true;
    this.redraw();
  }

  stop() {
    cancelAnimationFrame(this.glideFrame);
    this.glideFrame = 0;
  }

  /**
   * Move on to where `move` takes the view, smoothly unless the reader wants no motion.
   * @param {() => void} move
   */
  glide(move) {
    this.stop();
    const { view } = this;
    const from = view.state;
    move();
    const to = view.state;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden) {
      this.change(() => {});
      return;
    }
    view.state = from;
    const began = performance.now();
    // The scale grows by equal factors, and the point that stays where it is on the canvas stays there all the way.
    const ratio = to[0] / from[0];
    const tick = () => {
      const share = Math.min((performance.now() - began) / GLIDE_MS, 1);
      const eased = 1 - (1 - share) ** 3;
      const scale = from[0] * ratio ** eased;
      const way = Math.abs(ratio - 1) < 1e-3 ? eased : (scale - from[0]) / (to[0] - from[0]);
      this.change(() => {
        view.state = share === 1 ? to : [scale, from[1] + (to[1] - from[1]) * way, from[2] + (to[2] - from[2]) * way];
      });
      this.glideFrame = share < 1 ? requestAnimationFrame(tick) : 0;
    };
    tick();
  }

  /**
   * @param {number} vx
   * @param {number} vy
   */
  fling(vx, vy) {
    if (Math.hypot(vx, vy) < 0.15 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      const slower = FRICTION ** (now - last);
      this.change(() => this.view.pan(vx * (now - last), vy * (now - last)));
      vx *= slower;
      vy *= slower;
      last = now;
      this.glideFrame = Math.hypot(vx, vy) > 0.02 ? requestAnimationFrame(tick) : 0;
    };
    this.glideFrame = requestAnimationFrame(tick);
  }

  showHint() {
    const mac = /Mac|iP(hone|ad)/.test(navigator.platform);
    this.hint.textContent = this.text("hint", { key: mac ? "⌘" : "Ctrl" });
    this.hint.classList.add("map-shown");
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => this.hint.classList.remove("map-shown"), HINT_MS);
  }
}
