/** Words on the canvas. */

import { css } from "./palette.js";

/**
 * @param {number} size
 * @param {number} weight
 */
export function fontOf(size, weight) {
  return `${weight} ${size}px system-ui, sans-serif`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {import("./palette.js").Rgb} color
 * @param {number} weight
 * @param {import("./palette.js").Rgb | null} halo
 */
export function write(context, text, x, y, size, color, weight = 500, halo = null) {
  context.font = fontOf(size, weight);
  if (halo) {
    context.strokeStyle = css(halo);
    context.lineWidth = size * 0.3;
    context.strokeText(text, x, y);
  }
  context.fillStyle = css(color);
  context.fillText(text, x, y);
}
