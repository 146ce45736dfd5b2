/**
 * Draws the hall on its canvas, at one of four levels: sections, dots, discs, discs with numbers. Where seats change
 * while nothing moves, what is under them is kept in a picture of its own, and only they are drawn anew.
 */

import { Base } from "./base.js";
import { HIDDEN } from "./board.js";
import { Dots } from "./dots.js";
import { ACCESSIBLE, RESTRICTED } from "./layout.js";
import { css, readPalette } from "./palette.js";
import { Sprites, isNumbered } from "./sprites.js";
import { write } from "./text.js";

/** CSS pixels from seat to seat: below, seats would be a grey haze. */
export const FAR = 3;
/** Device pixels: below, seats are dots. */
const DOTS = 10;
/** More seats than these are drawn with everything else: discs are cut out one by one. */
const DOTS_MAX = 600;
const DISCS_MAX = 60;

export class Painter {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./board.js").Board} board
   * @param {import("./view.js").View} view
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   */
  constructor(canvas, board, view, text) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    /** The last thing that was drawn, without its seats. */
    this.under = document.createElement("canvas");
    this.underIsFresh = false;
    this.board = board;
    this.view = view;
    this.text = text;
    this.ratio = 1;
    this.base = new Base(board.hall);
    this.dots = new Dots();
    /** @type {Record<string, number>} */
    this.areas = {};
    /** @type {string[]} */
    this.colors = [];
    this.palette = readPalette(canvas, this.context);
    this.categories = this.categoryColors();
    this.sprites = new Sprites(this.palette, this.categories);
    this.dots.color(this.palette, this.categories);
  }

  /** The scheme of the page has changed, or a category's colour. */
  recolor() {
    this.palette = readPalette(this.canvas, this.context);
    this.categories = this.categoryColors();
    this.sprites = new Sprites(this.palette, this.categories);
    this.dots.color(this.palette, this.categories);
  }

  /** @returns {import("./palette.js").Rgb[]} The last is that of seats without a category. */
  categoryColors() {
    const { categories } = this.board.hall.chart.layout;
    return [...categories.map((category, at) => this.palette.category(this.colors[at] || category.color)), this.palette.ink];
  }

  /** @param {number} ratio Device pixels per CSS pixel. */
  resize(ratio) {
    this.ratio = ratio;
    for (const canvas of [this.canvas, this.under]) {
      canvas.width = Math.round(this.view.width * ratio);
      canvas.height = Math.round(this.view.height * ratio);
    }
  }

  get far() {
    return this.view.seat < FAR;
  }

  draw() {
    const { context, canvas, view, ratio, board } = this;
    const { grid, parts, chart } = board.hall;
    const pitch = view.seat * ratio;
    this.drawBase(context);
    this.underIsFresh = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (this.far) return;
    const dotted = pitch < DOTS;
    if (dotted) {
      this.dots.begin(canvas.width, canvas.height);
      this.dots.shape(pitch);
    }
    // Sprites are copied pixel by pixel.
    context.imageSmoothingEnabled = false;
    const { left, top, right, bottom } = view.seen();
    const sections = chart.sectionOf;
    const one = dotted ? this.dot : this.disc;
    grid.ranges(left, top, right, bottom, (begin, end) => {
      for (let i = begin; i < end; i++) one.call(this, grid.items[i], parts[sections[grid.items[i]]].pitch);
    });
    if (dotted) this.dots.draw(context);
  }

  /** @param {CanvasRenderingContext2D} context */
  drawBase(context) {
    const { view, ratio, board, far, palette, categories, areas, text } = this;
    this.base.draw({ context, view, ratio, board, far, palette, categories, areas, text });
    if (!far && isNumbered(view.seat * ratio, ratio)) this.labelRows(context);
  }

  /**
   * Draw seats again whose state has changed.
   * @param {Iterable<number> & {size: number}} places
   */
  patch(places) {
    const { board, view, ratio, context, under } = this;
    const dotted = view.seat * ratio < DOTS;
    if (this.far || places.size > (dotted ? DOTS_MAX : DISCS_MAX)) {
      this.draw();
      return;
    }
    if (!this.underIsFresh) {
      this.drawBase(/** @type {CanvasRenderingContext2D} */ (under.getContext("2d", { alpha: false })));
      this.underIsFresh = true;
    }
    const { parts, chart } = board.hall;
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const place of places) {
      const [x, y] = this.at(place);
      const { pitch } = parts[chart.sectionOf[place]];
      const size = Math.ceil(pitch * view.scale * ratio) + 2;
      if (!(x > -size && y > -size && x < under.width + size && y < under.height + size)) continue;
      if (dotted) {
        this.dots.clear(x, y);
        this.dot(place);
      } else {
        // Only the disc: in a bent row the corners about it are on its neighbours.
        context.save();
        context.beginPath();
        context.arc(x, y, size / 2 - 1, 0, 2 * Math.PI);
        context.clip();
        context.drawImage(under, 0, 0);
        context.restore();
        this.disc(place, pitch);
      }
    }
    if (dotted) {
      context.drawImage(under, 0, 0);
      this.dots.draw(context);
    }
  }

  /**
   * @param {number} place
   * @returns {[number, number]} In device pixels.
   */
  at(place) {
    const { xs, ys } = this.board.hall.chart;
    const { scale, x, y } = this.view;
    return [(xs[place] * scale + x) * this.ratio, (ys[place] * scale + y) * this.ratio];
  }

  /** @param {number} place */
  dot(place) {
    const { board, view, ratio, categories } = this;
    const { xs, ys, categoryOf } = board.hall.chart;
    const category = categoryOf[place];
    this.dots.put((xs[place] * view.scale + view.x) * ratio, (ys[place] * view.scale + view.y) * ratio, board.kinds[place],
      category < 0 ? categories.length - 1 : category);
  }

  /**
   * @param {number} place
   * @param {number} steps From seat to seat in its section.
   */
  disc(place, steps) {
    const { board, context, sprites, categories, view, ratio } = this;
    const kind = board.kinds[place];
    if (kind === HIDDEN) return;
    const { chart } = board.hall;
    const [x, y] = this.at(place);
    const category = chart.categoryOf[place] < 0 ? categories.length - 1 : chart.categoryOf[place];
    const flags = chart.flags[place] & (ACCESSIBLE | RESTRICTED);
    const pitch = steps * view.scale * ratio;
    sprites.put(context, x, y, pitch, kind, category, flags);
    if (isNumbered(view.seat * ratio, ratio)) sprites.number(context, x, y, pitch, kind, category, flags, () => chart.numberOf(place));
  }

  /**
   * Write the labels of the rows in view beside their ends, and join companions to their seat for a wheelchair.
   * @param {CanvasRenderingContext2D} context
   */
  labelRows(context) {
    const { board, view, ratio, palette } = this;
    const { chart, grid, parts } = board.hall;
    const { xs, ys, firsts, rowOf, sectionOf, layout } = chart;
    const { left, top, right, bottom } = view.seen(2 * view.pitch);
    const rows = new Set();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textAlign = "center";
    context.textBaseline = "middle";
    grid.ranges(left, top, right, bottom, (begin, end) => {
      for (let i = begin; i < end; i++) if (board.kinds[grid.items[i]] !== HIDDEN) rows.add(rowOf[grid.items[i]]);
    });
    /** @type {[number, number][]} */
    const written = [];
    for (const row of rows) {
      const { label } = layout.rows[row];
      const { pitch } = parts[sectionOf[firsts[row]]];
      const ends = firsts[row + 1] - firsts[row] > 1 ? [[firsts[row], firsts[row] + 1], [firsts[row + 1] - 1, firsts[row + 1] - 2]] : [];
      for (const [last, before] of ends) {
        const away = Math.hypot(xs[last] - xs[before], ys[last] - ys[before]) || 1;
        const x = xs[last] + ((xs[last] - xs[before]) / away) * pitch * 0.95;
        const y = ys[last] + ((ys[last] - ys[before]) / away) * pitch * 0.95;
        // Not on a seat, and not beside the label of the same row beyond an aisle.
        if (!label || grid.nearest(x, y, pitch * 0.8) >= 0 || written.some(([wx, wy]) => Math.hypot(wx - x, wy - y) < pitch * 0.7)) continue;
        written.push([x, y]);
        write(context, label, ...view.toCanvas(x, y), Math.min(pitch * view.scale * 0.42, 15), palette.line, 600);
      }
    }
    context.beginPath();
    for (const [place, other] of chart.companions) {
      context.moveTo(...view.toCanvas(xs[place], ys[place]));
      context.lineTo(...view.toCanvas(xs[other], ys[other]));
    }
    context.strokeStyle = css(palette.line);
    context.lineWidth = Math.max(1.5, view.seat * 0.1);
    context.stroke();
  }
}
