/** What is under the seats: shapes such as the stage, the grounds of sections, areas, and words. */

import { isInside, overlap } from "./hall.js";
import { css, mix, readable } from "./palette.js";
import { paintShape, polygon, shapeOf, writeShape } from "./shapes.js";
import { fontOf, write } from "./text.js";

/**
 * @typedef {import("./palette.js").Rgb} Rgb
 * @typedef {import("./hall.js").Part} Part
 *
 * @typedef {object} Scene
 * @property {CanvasRenderingContext2D} context
 * @property {import("./view.js").View} view
 * @property {number} ratio Device pixels per CSS pixel.
 * @property {import("./palette.js").Palette} palette
 * @property {Rgb[]} categories
 * @property {import("./board.js").Board} board
 * @property {Record<string, number>} areas Places of areas that are chosen, by section key.
 * @property {(key: string, values?: Record<string, string | number>) => string} text
 * @property {boolean} far Whether seats are too small to be drawn.
 */

export class Base {
  /** @param {import("./hall.js").Hall} hall */
  constructor(hall) {
    this.hall = hall;
    this.paths = hall.parts.map((part) => polygon(part.outline));
    const { origin, unit } = hall.chart.layout;
    this.shapes = hall.chart.layout.shapes.map((shape) => shapeOf(shape, origin, unit));
    /** What fits into each section at the present scale; measuring texts takes longer than drawing them. */
    this.fitted = { scale: 0, words: /** @type {Map<string, Words>} */ (new Map()) };
  }

  /** @param {Scene} scene */
  draw(scene) {
    const { context, view, ratio, palette } = scene;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(palette.paper);
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const seen = view.seen();
    const isShown = (/** @type {number} */ floor) => floor < 0 || scene.board.floor < 0 || floor === scene.board.floor;
    context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
    context.lineJoin = "round";
    const shapes = this.shapes.filter(({ box, shape }) => isShown(shape.floor ?? -1) && (!box || overlap(box, seen)));
    const parts = this.hall.parts.flatMap((part, at) =>
      part.section.seats && isShown(part.section.floor) && overlap(part.box, seen) ? [{ part, at }] : []);
    for (const { part, at } of parts) this.paintPart(scene, part, at);
    for (const { path, shape } of shapes) if (path) paintShape(scene, path, shape);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const each of shapes) writeShape(scene, each, this.hall.chart.layout.unit);
    if (this.fitted.scale !== view.scale) this.fitted = { scale: view.scale, words: new Map() };
    const named = parts.filter(({ part }) => scene.far || part.section.area).map(({ part, at }) => this.wordsOf(scene, part, at));
    // Counts on some sections and none on others would look as if those were sold out.
    const counted = named.filter(({ count }) => count).length > 0.7 * named.length;
    for (const words of named) writePart(scene, words, counted);
  }

  /**
   * The name of a section and how much of it is free, as far as there is room.
   * @param {Scene} scene
   * @param {Part} part
   * @param {number} at
   * @returns {Words}
   */
  wordsOf(scene, part, at) {
    const { free } = scene.board.sections[at];
    const taken = scene.areas[part.section.key];
    const told = taken ? scene.text("areaTaken", { count: taken }) : free ? scene.text("areaFree", { count: free }) : scene.text("areaNone");
    const key = `${at} ${told.length}`;
    let words = this.fitted.words.get(key);
    if (!words) this.fitted.words.set(key, (words = fit(scene, part, told)));
    return { ...words, count: words.count && told, part, at };
  }

  /**
   * @param {Scene} scene
   * @param {Part} part
   * @param {number} at
   */
  paintPart(scene, part, at) {
    const { context, palette, board, view } = scene;
    const { fill, line } = groundOf(scene, part, at);
    context.fillStyle = css(fill);
    context.fill(this.paths[at]);
    context.strokeStyle = css(line);
    context.lineWidth = (scene.far || part.section.area ? 1 : 0.75) / view.scale;
    context.stroke(this.paths[at]);
    if ((scene.far || part.section.area) && !board.sections[at].free) {
      context.save();
      context.clip(this.paths[at]);
      hatch(context, part.box, 7 / view.scale, css(palette.taken), 1 / view.scale);
      context.restore();
    }
  }
}

/**
 * The colours of a section: seen from afar, the more of its category's the more is free.
 * @param {Scene} scene
 * @param {Part} part
 * @param {number} at
 * @returns {{fill: Rgb, line: Rgb}}
 */
function groundOf({ palette, categories, board, far }, part, at) {
  const { free, seats } = board.sections[at];
  const color = categories.at(part.category) ?? palette.ink;
  const dimmed = board.highlight !== null && board.highlight !== part.category;
  if (!far && !part.section.area) return { fill: palette.part, line: mix(palette.part, palette.line, 0.35) };
  const share = seats ? free / seats : 0;
  const strength = !share || palette.forced ? 0 : part.section.area ? 0.16 + 0.3 * share : 0.2 + 0.8 * share;
  return { fill: mix(palette.part, color, dimmed ? strength * 0.2 : strength), line: share && !dimmed ? mix(color, palette.ink, 0.15) : palette.line };
}

/** @typedef {{size: number, name: string, count: string, part: Part, at: number}} Words */

/**
 * @param {Scene} scene
 * @param {Part} part
 * @param {string} told
 * @returns {Words}
 */
function fit({ context, view }, part, told) {
  const [x, y] = view.toCanvas(...part.middle);
  const names = [part.section.name, part.section.name.split(" ").at(-1) ?? ""];
  const words = { size: 0, name: "", count: "", part, at: 0 };
  for (const size of [14, 11, 9]) {
    words.size = size;
    words.name = fitting(context, names, part, view, x, y, size);
    words.count = fitting(context, names, part, view, x, y - size * 0.6, size) && fitting(context, [told], part, view, x, y + size * 0.6, size * 0.86);
    if (words.name && (words.count || size < 14)) break;
  }
  return words;
}

/**
 * @param {Scene} scene
 * @param {Words} words
 * @param {boolean} counted
 */
function writePart(scene, { part, at, size, name, count }, counted) {
  const { context, palette } = scene;
  if (!name) return;
  const { free } = scene.board.sections[at];
  const [x, y] = scene.view.toCanvas(...part.middle);
  const { fill } = groundOf(scene, part, at);
  const ink = free && !palette.forced ? readable(fill) : palette.ink;
  const halo = free ? null : fill;
  const up = count && (counted || part.section.area || !free) ? size * 0.62 : 0;
  write(context, name, x, y - up, size, ink, 600, halo);
  if (up) write(context, count, x, y + up, size * 0.86, ink, 400, halo);
}

/**
 * The first of some texts that fits into a section on this line.
 * @param {CanvasRenderingContext2D} context
 * @param {string[]} texts
 * @param {Part} part
 * @param {import("./view.js").View} view
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function fitting(context, texts, part, view, x, y, size) {
  context.font = fontOf(size, 600);
  return texts.find((text) => {
    if (!text) return false;
    const half = context.measureText(text).width / 2 + 2;
    return [[-half, -size / 2], [half, -size / 2], [-half, size / 2], [half, size / 2]].every(([dx, dy]) =>
      isInside(part.outline, ...view.toHall(x + dx, y + dy)));
  }) ?? "";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./view.js").Box} box
 * @param {number} gap
 * @param {string} color
 * @param {number} width
 */
function hatch(context, box, gap, color, width) {
  const height = box.bottom - box.top;
  context.beginPath();
  for (let x = box.left - height; x < box.right; x += gap) {
    context.moveTo(x, box.bottom);
    context.lineTo(x + height, box.top);
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}
