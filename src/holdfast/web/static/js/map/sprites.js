/** Seats of ten device pixels and more: what each state looks like, and the numbers on them. */

import { Atlas } from "./atlas.js";
import { CHOSEN, DIMMED, HIDDEN, MINE, OPEN, TAKEN } from "./board.js";
import { ACCESSIBLE, RESTRICTED } from "./layout.js";
import { css, mix, readable } from "./palette.js";

/** @typedef {import("./palette.js").Rgb} Rgb */

/** The diameter of a seat, in parts of the distance from one to the next. */
const DISC = 0.8;
/** Numbers are printed on seats of this many device pixels, and of this many CSS pixels. */
const NUMBERED = 22;
const NUMBERED_CSS = 15;
/** Larger numbers are few, so they are written anew each time. */
const NUMBER_CELL_MAX = 64;

export class Sprites {
  /**
   * @param {import("./palette.js").Palette} palette
   * @param {Rgb[]} categories
   */
  constructor(palette, categories) {
    this.palette = palette;
    this.categories = categories;
    /** @type {Map<number, Atlas>} By size. */
    this.atlases = new Map();
    this.numbers = new Atlas(1);
  }

  /**
   * @param {number} size
   * @returns {Atlas}
   */
  atlas(size) {
    let atlas = this.atlases.get(size);
    if (!atlas) {
      // Every step of a zoom makes another; the last few are enough to go back and forth.
      if (this.atlases.size > 8) this.atlases.clear();
      this.atlases.set(size, (atlas = new Atlas(size)));
    }
    return atlas;
  }

  /**
   * @param {CanvasRenderingContext2D} target In device pixels.
   * @param {number} x The middle of the seat.
   * @param {number} y
   * @param {number} pitch In device pixels.
   * @param {number} kind
   * @param {number} category
   * @param {number} flags
   */
  put(target, x, y, pitch, kind, category, flags) {
    if (kind === HIDDEN) return;
    const size = Math.ceil(pitch) + 2;
    const key = (category * 8 + kind) * 4 + flags;
    this.atlas(size).draw(target, key, Math.round(x - size / 2), Math.round(y - size / 2), (context) =>
      this.paint(context, (pitch * DISC) / 2, kind, this.categories[category], flags));
  }

  /**
   * Print a seat's number, if it is large enough and can be had.
   * @param {CanvasRenderingContext2D} target
   * @param {number} x
   * @param {number} y
   * @param {number} pitch
   * @param {number} kind
   * @param {number} category
   * @param {number} flags
   * @param {() => string} number
   */
  number(target, x, y, pitch, kind, category, flags, number) {
    if (kind !== OPEN || flags & ACCESSIBLE) return;
    const ground = flags & RESTRICTED ? this.palette.part : this.categories[category];
    const color = this.palette.forced ? this.palette.paper : readable(ground);
    const text = number();
    const size = Math.ceil(pitch);
    if (size > NUMBER_CELL_MAX) {
      target.save();
      target.translate(Math.round(x), Math.round(y));
      this.write(target, text, pitch, color);
      target.restore();
      return;
    }
    if (this.numbers.size !== size) this.numbers = new Atlas(size);
    this.numbers.draw(target, `${color[0]}${text}`, Math.round(x - size / 2), Math.round(y - size / 2), (context) =>
      this.write(context, text, pitch, color));
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {string} text
   * @param {number} pitch
   * @param {Rgb} color
   */
  write(context, text, pitch, color) {
    const size = pitch * (text.length < 3 ? 0.4 : text.length < 4 ? 0.34 : 0.27);
    context.font = `600 ${size.toFixed(1)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = css(color);
    context.fillText(text, 0, size * 0.06, pitch * DISC * 0.9);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} r
   * @param {number} kind
   * @param {Rgb} color
   * @param {number} flags
   */
  paint(context, r, kind, color, flags) {
    const { palette } = this;
    const thin = Math.max(1, r * 0.14);
    context.lineWidth = thin;
    context.lineCap = context.lineJoin = "round";
    if (kind === OPEN || kind === DIMMED) {
      const fill = kind === OPEN ? color : mix(palette.part, color, 0.28);
      outline(context, r, flags);
      if (flags & RESTRICTED) {
        context.lineWidth = thin * 2;
        context.strokeStyle = css(fill);
        outline(context, r - thin, flags);
        context.stroke();
      } else {
        context.fillStyle = css(fill);
        context.fill();
      }
      if (flags & ACCESSIBLE) wheelchair(context, r, css(palette.forced ? palette.paper : readable(fill)));
    } else if (kind === TAKEN) {
      context.strokeStyle = css(palette.taken);
      outline(context, r - thin / 2, flags);
      context.stroke();
      context.clip();
      context.lineWidth = Math.max(1, r * 0.16);
      const gap = Math.max(3, r * 0.55);
      context.beginPath();
      for (let at = -2 * r; at <= 2 * r; at += gap) {
        context.moveTo(at - r, r);
        context.lineTo(at + r, -r);
      }
      context.stroke();
    } else if (kind === CHOSEN || kind === MINE) {
      const ring = Math.max(1.5, r * 0.2);
      context.strokeStyle = css(palette.mine);
      context.lineWidth = ring;
      outline(context, r * 1.18 - ring / 2, flags);
      context.stroke();
      const held = kind === MINE;
      if (!held) {
        context.fillStyle = css(palette.mine);
        outline(context, r * 0.86, flags);
        context.fill();
      }
      const tick = held ? palette.mine : palette.forced ? palette.paper : readable(palette.mine);
      context.strokeStyle = css(tick);
      context.lineWidth = Math.max(1.2, r * 0.24);
      context.beginPath();
      context.moveTo(-r * 0.4, r * 0.02);
      context.lineTo(-r * 0.1, r * 0.32);
      context.lineTo(r * 0.42, -r * 0.3);
      context.stroke();
    } else {
      const arm = Math.max(1.5, r * 0.34);
      context.strokeStyle = css(palette.taken);
      context.lineWidth = Math.max(1, r * 0.16);
      context.beginPath();
      context.moveTo(-arm, -arm);
      context.lineTo(arm, arm);
      context.moveTo(arm, -arm);
      context.lineTo(-arm, arm);
      context.stroke();
    }
  }
}

/**
 * @param {number} pitch In device pixels.
 * @param {number} ratio Device pixels per CSS pixel.
 */
export function isNumbered(pitch, ratio) {
  return pitch >= NUMBERED && pitch >= NUMBERED_CSS * ratio;
}

/**
 * A disc, or for a wheelchair a square.
 * @param {CanvasRenderingContext2D} context
 * @param {number} r
 * @param {number} flags
 */
function outline(context, r, flags) {
  context.beginPath();
  if (flags & ACCESSIBLE) context.roundRect(-r, -r, 2 * r, 2 * r, r * 0.3);
  else context.arc(0, 0, r, 0, 2 * Math.PI);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} r
 * @param {string} color
 */
function wheelchair(context, r, color) {
  context.fillStyle = context.strokeStyle = color;
  if (r < 8) {
    context.fillRect(-r * 0.4, -r * 0.4, r * 0.8, r * 0.8);
    return;
  }
  context.lineWidth = r * 0.16;
  context.beginPath();
  context.arc(-r * 0.12, -r * 0.58, r * 0.15, 0, 2 * Math.PI);
  context.fill();
  context.beginPath();
  context.moveTo(-r * 0.12, -r * 0.34);
  context.lineTo(-r * 0.08, r * 0.12);
  context.lineTo(r * 0.3, r * 0.12);
  context.lineTo(r * 0.48, r * 0.55);
  context.moveTo(-r * 0.1, -r * 0.12);
  context.lineTo(r * 0.22, -r * 0.12);
  context.stroke();
  context.beginPath();
  context.arc(-r * 0.06, r * 0.26, r * 0.4, -Math.PI * 0.85, Math.PI * 0.22, true);
  context.stroke();
}
