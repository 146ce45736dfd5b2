/**
 * Seats of three to ten device pixels, written into one picture pixel by pixel: thousands of calls to a canvas would
 * take longer than a frame. Each seat is a disc whose edge is as soft as its fraction of a pixel, so that rows do not
 * swim while the hall is moved.
 */

import { CHOSEN, DIMMED, GONE, HIDDEN, MINE, OPEN, TAKEN } from "./board.js";
import { mix } from "./palette.js";

const PHASES = 4;
/** Diameters, in parts of the distance from seat to seat: what is taken is smaller, not only of another colour. */
const SIZES = { [OPEN]: 0.86, [DIMMED]: 0.6, [TAKEN]: 0.5, [GONE]: 0.36, [CHOSEN]: 1.2, [MINE]: 1.2 };

export class Dots {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.image = this.context.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
    /** @type {Map<number, Uint8Array[]>} By diameter in hundredths of a pixel. */
    this.masks = new Map();
    /** Of the largest shape, which is the last. */
    this.side = 1;
    this.colors = new Uint32Array(0);
    /** @type {{side: number, masks: Uint8Array[]}[]} By kind. */
    this.shapes = [];
  }

  /**
   * @param {import("./palette.js").Palette} palette
   * @param {import("./palette.js").Rgb[]} categories The last is that of seats without a category.
   */
  color(palette, categories) {
    this.colors = new Uint32Array(categories.length * 8);
    categories.forEach((color, at) => {
      const of = [color, color, mix(palette.paper, color, 0.35), palette.taken, palette.taken, palette.mine, palette.mine];
      of.forEach((rgb, kind) => {
        this.colors[at * 8 + kind] = (Math.round(rgb[2]) << 16) | (Math.round(rgb[1]) << 8) | Math.round(rgb[0]);
      });
    });
  }

  /**
   * @param {number} width In device pixels.
   * @param {number} height
   */
  begin(width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else {
      this.pixels.fill(0);
    }
    if (this.masks.size > 64) this.masks.clear();
  }

  /**
   * Choose the shapes for seats of this size.
   * @param {number} pitch In device pixels.
   */
  shape(pitch) {
    this.shapes = [];
    for (const [kind, share] of Object.entries(SIZES)) {
      const diameter = Math.max(pitch * share, 1);
      this.side = Math.ceil(diameter) + 2;
      const key = Math.round(diameter * 100);
      let masks = this.masks.get(key);
      if (!masks) this.masks.set(key, (masks = masksOf(diameter, this.side)));
      this.shapes[Number(kind)] = { side: this.side, masks };
    }
  }

  /**
   * @param {number} x The middle, in device pixels.
   * @param {number} y
   * @param {number} kind
   * @param {number} category
   */
  put(x, y, kind, category) {
    if (kind === HIDDEN) return;
    const color = this.colors[category * 8 + kind];
    const { pixels, image } = this;
    const { side, masks } = this.shapes[kind];
    const left = Math.round((x - side / 2) * PHASES);
    const top = Math.round((y - side / 2) * PHASES);
    const mask = masks[(top & (PHASES - 1)) * PHASES + (left & (PHASES - 1))];
    const px = left >> 2;
    const py = top >> 2;
    const { width, height } = image;
    const x0 = Math.max(0, -px);
    const x1 = Math.min(side, width - px);
    const y1 = Math.min(side, height - py);
    for (let dy = Math.max(0, -py); dy < y1; dy++) {
      let at = (py + dy) * width + px + x0;
      let from = dy * side + x0;
      for (let dx = x0; dx < x1; dx++, at++, from++) {
        const alpha = mask[from];
        if (alpha && alpha >= pixels[at] >>> 24) pixels[at] = ((alpha << 24) | color) >>> 0;
      }
    }
  }

  /**
   * Take a seat away, to put it there anew.
   * @param {number} x
   * @param {number} y
   */
  clear(x, y) {
    const { side, pixels, image } = this;
    const px = Math.round((x - side / 2) * PHASES) >> 2;
    const py = Math.round((y - side / 2) * PHASES) >> 2;
    const middle = side / 2;
    const reach = (side / 2 - 1) ** 2;
    for (let dy = Math.max(0, -py); dy < Math.min(side, image.height - py); dy++) {
      for (let dx = Math.max(0, -px); dx < Math.min(side, image.width - px); dx++) {
        if ((dx + 0.5 - middle) ** 2 + (dy + 0.5 - middle) ** 2 < reach) pixels[(py + dy) * image.width + px + dx] = 0;
      }
    }
  }

  /** @param {CanvasRenderingContext2D} target */
  draw(target) {
    this.context.putImageData(this.image, 0, 0);
    target.drawImage(this.canvas, 0, 0);
  }
}

/**
 * The coverage of each pixel by a disc, for each fraction of a pixel that it may be moved by.
 * @param {number} diameter
 * @param {number} side
 */
function masksOf(diameter, side) {
  const masks = [];
  for (let phase = 0; phase < PHASES * PHASES; phase++) {
    const mask = new Uint8Array(side * side);
    const x = side / 2 + (phase % PHASES) / PHASES;
    const y = side / 2 + Math.floor(phase / PHASES) / PHASES;
    for (let at = 0; at < mask.length; at++) {
      const far = Math.hypot((at % side) + 0.5 - x, Math.floor(at / side) + 0.5 - y);
      mask[at] = 255 * Math.min(Math.max(diameter / 2 - far + 0.5, 0), 1);
    }
    masks.push(mask);
  }
  return masks;
}
