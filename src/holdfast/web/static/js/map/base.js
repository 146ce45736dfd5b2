/** What is under the seats: shapes such as the stage, the grounds of sections, areas, and words. */

import { isInside, overlap } from "./hall.js";
import { apart, css, mix, onPaper, readable } from "./palette.js";

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

const FONT = "system-ui, sans-serif";
const TEXT_UNITS = 16;

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
  context.font = `600 ${size}px ${FONT}`;
  return texts.find((text) => {
    if (!text) return false;
    const half = context.measureText(text).width / 2 + 2;
    return [[-half, -size / 2], [half, -size / 2], [-half, size / 2], [half, size / 2]].every(([dx, dy]) =>
      isInside(part.outline, ...view.toHall(x + dx, y + dy)));
  }) ?? "";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {Rgb} color
 * @param {number} weight
 * @param {Rgb | null} halo
 */
export function write(context, text, x, y, size, color, weight = 500, halo = null) {
  context.font = `${weight} ${size}px ${FONT}`;
  if (halo) {
    context.strokeStyle = css(halo);
    context.lineWidth = size * 0.3;
    context.strokeText(text, x, y);
  }
  context.fillStyle = css(color);
  context.fillText(text, x, y);
}

/**
 * @param {Scene} scene
 * @param {Path2D} path
 * @param {import("./layout.js").Shape} shape
 */
function paintShape({ context, palette, view }, path, shape) {
  const fill = onPaper(shape.color, palette, shape.role === "stage" ? mix(palette.part, palette.ink, 0.12) : palette.part);
  context.fillStyle = css(palette.forced ? palette.paper : fill);
  context.fill(path);
  context.strokeStyle = css(shape.border_color ? onPaper(shape.border_color, palette, palette.line) : mix(fill, palette.line, 0.6));
  context.lineWidth = 1 / view.scale;
  context.stroke(path);
}

/**
 * @param {Scene} scene
 * @param {Drawn} drawn
 * @param {number} unit
 */
function writeShape({ context, palette, view, ratio, board }, { shape, middle, width, path }, unit) {
  if (!shape.text) return;
  const given = shape.shape === "text" ? shape.size : shape.text_size;
  const ground = path && !palette.forced ? onPaper(shape.color, palette, palette.part) : palette.paper;
  const wanted = onPaper(shape.shape === "text" ? shape.color : shape.text_color, palette, palette.ink);
  const ink = apart(wanted, ground, palette.dark ? [255, 255, 255] : [0, 0, 0], 4.5);
  const [x, y] = view.toCanvas(...middle);
  const own = ((given || TEXT_UNITS) / unit) * view.scale;
  let size = Math.min(Math.max(own, 10), 40);
  context.font = `500 ${size}px ${FONT}`;
  const room = width * view.scale;
  const long = context.measureText(shape.text).width;
  if (path && long > room * 0.95) {
    size *= (room * 0.95) / long;
    if (size < 7) return;
  }
  if (!path && own < 10 && coversSeats(board, middle, long / view.scale, size / view.scale)) return;
  context.save();
  context.translate(x, y);
  context.rotate(((shape.rotation ?? 0) * Math.PI) / 180);
  write(context, shape.text, 0, 0, size, ink, shape.role === "stage" ? 600 : 500);
  context.restore();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

/**
 * Whether a text that is written larger than the plan has it would lie on seats.
 * @param {import("./board.js").Board} board
 * @param {[number, number]} middle
 * @param {number} width
 * @param {number} height
 */
function coversSeats({ hall: { grid } }, [x, y], width, height) {
  let covers = false;
  grid.ranges(x - width / 2, y - height, x + width / 2, y + height, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const place = grid.items[i];
      covers ||= Math.abs(grid.xs[place] - x) < width / 2 && Math.abs(grid.ys[place] - y) < height;
    }
  });
  return covers;
}

/** @typedef {{shape: import("./layout.js").Shape, path: Path2D | null, middle: [number, number], width: number, box: import("./view.js").Box | null}} Drawn */

/**
 * A shape in steps of the layout.
 * @param {import("./layout.js").Shape} shape
 * @param {[number, number]} origin
 * @param {number} unit
 * @returns {Drawn}
 */
function shapeOf(shape, origin, unit) {
  const [x, y] = shape.at ?? [0, 0];
  const turn = ((shape.rotation ?? 0) * Math.PI) / 180;
  /** @type {(dx: number, dy: number) => [number, number]} */
  const at = (dx, dy) => [
    (x + dx * Math.cos(turn) - dy * Math.sin(turn) - origin[0]) / unit,
    (y + dx * Math.sin(turn) + dy * Math.cos(turn) - origin[1]) / unit,
  ];
  if (shape.shape === "text") return { shape, path: null, middle: at(0, 0), width: 0, box: null };
  const path = new Path2D();
  let [width, height] = shape.size ?? [0, 0];
  /** @type {[number, number][]} */
  let corners = [];
  let center = [width / 2, height / 2];
  if (shape.radii) {
    const [a, b] = shape.radii;
    path.ellipse(...at(0, 0), a / unit, b / unit, turn, 0, 2 * Math.PI);
    corners = [at(-a, -b), at(a, -b), at(a, b), at(-a, b)];
    width = 2 * a;
    center = [0, 0];
  } else if (shape.points) {
    const xs = shape.points.map((point) => point[0]);
    const ys = shape.points.map((point) => point[1]);
    corners = shape.points.map((point) => at(...point));
    width = Math.max(...xs) - Math.min(...xs);
    center = [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2];
    path.addPath(polygon(Float32Array.from(corners.flat())));
  } else {
    corners = [at(0, 0), at(width, 0), at(width, height), at(0, height)];
    path.addPath(polygon(Float32Array.from(corners.flat())));
  }
  const [dx, dy] = shape.text_at ?? center;
  const left = Math.min(...corners.map((corner) => corner[0]));
  const right = Math.max(...corners.map((corner) => corner[0]));
  const top = Math.min(...corners.map((corner) => corner[1]));
  const bottom = Math.max(...corners.map((corner) => corner[1]));
  return { shape, path, middle: at(dx, dy), width: width / unit, box: { left, top, right, bottom } };
}

/** @param {Float32Array} points */
function polygon(points) {
  const path = new Path2D();
  for (let i = 0; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  path.closePath();
  return path;
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
