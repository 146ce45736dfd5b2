/** The stage, and what else is drawn and not sold. */

import { fontOf, write } from "./text.js";
import { apart, css, mix, onPaper } from "./palette.js";

/** @typedef {import("./base.js").Scene} Scene */

const TEXT_UNITS = 16;

/**
 * @param {Scene} scene
 * @param {Path2D} path
 * @param {import("./layout.js").Shape} shape
 */
export function paintShape({ context, palette, view }, path, shape) {
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
export function writeShape({ context, palette, view, ratio, board }, { shape, middle, width, path }, unit) {
  if (!shape.text) return;
  const given = shape.shape === "text" ? shape.size : shape.text_size;
  const ground = path && !palette.forced ? onPaper(shape.color, palette, palette.part) : palette.paper;
  const wanted = onPaper(shape.shape === "text" ? shape.color : shape.text_color, palette, palette.ink);
  const ink = apart(wanted, ground, palette.dark ? [255, 255, 255] : [0, 0, 0], 4.5);
  const [x, y] = view.toCanvas(...middle);
  const own = ((given || TEXT_UNITS) / unit) * view.scale;
  let size = Math.min(Math.max(own, 10), 40);
  context.font = fontOf(size, 500);
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
export function shapeOf(shape, origin, unit) {
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
export function polygon(points) {
  const path = new Path2D();
  for (let i = 0; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  path.closePath();
  return path;
}
