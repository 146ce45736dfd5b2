/** The map's colours: those of the page's scheme, and the categories' made to stand out from its background. */

/** @typedef {[number, number, number]} Rgb */

/**
 * @typedef {object} Palette
 * @property {Rgb} paper
 * @property {Rgb} ink
 * @property {Rgb} line At least 3:1 to the paper.
 * @property {Rgb} part The ground of a section.
 * @property {Rgb} taken
 * @property {Rgb} mine
 * @property {boolean} forced
 * @property {boolean} dark
 * @property {(color: string | undefined) => Rgb} category
 */

/**
 * Read the colours of `map.css`. They are registered custom properties, so the browser has worked out `light-dark()`.
 * @param {Element} element
 * @param {CanvasRenderingContext2D} context
 * @returns {Palette}
 */
export function readPalette(element, context) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const read = (name) => {
    context.fillStyle = "#000";
    context.fillStyle = style.getPropertyValue(`--map-${name}`).trim() || "#000";
    return parse(String(context.fillStyle));
  };
  const paper = read("paper");
  const ink = read("ink");
  const forced = matchMedia("(forced-colors: active)").matches;
  return {
    paper, ink, forced,
    line: read("line"), part: read("part"), taken: read("taken"), mine: read("mine"),
    dark: light(paper) < light(ink),
    category: (color) => (forced || !color ? ink : apart(parse(color), paper, ink, 3.2)),
  };
}

/**
 * @param {string} color `#rrggbb`, or `rgb(…)` and `color(srgb …)` as canvases write it.
 * @returns {Rgb}
 */
export function parse(color) {
  if (color[0] === "#") {
    const value = parseInt(color.slice(1, 7), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  const numbers = (color.match(/[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  const [r = 0, g = 0, b = 0] = color.startsWith("color") ? numbers.map((share) => share * 255) : numbers;
  return [r, g, b];
}

/** @param {Rgb} rgb */
export function css([r, g, b], alpha = 1) {
  return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)}${alpha < 1 ? ` / ${alpha}` : ""})`;
}

/**
 * @param {Rgb} a
 * @param {Rgb} b
 * @param {number} share Of `b`.
 * @returns {Rgb}
 */
export function mix(a, b, share) {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/**
 * Relative luminance (WCAG).
 * @param {Rgb} rgb
 */
export function light(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {Rgb} a
 * @param {Rgb} b
 */
export function contrast(a, b) {
  const [x, y] = [light(a) + 0.05, light(b) + 0.05];
  return x > y ? x / y : y / x;
}

/**
 * A colour that is drawn on a ground, moved towards the ink as far as it must be to have this contrast.
 * @param {Rgb} color
 * @param {Rgb} ground
 * @param {Rgb} ink
 * @param {number} least
 */
export function apart(color, ground, ink, least) {
  for (let share = 0; share < 1; share += 0.05) {
    const moved = mix(color, ink, share);
    if (contrast(moved, ground) >= least) return moved;
  }
  return ink;
}

/**
 * White or almost black, whichever is easier to read on a ground.
 * @param {Rgb} ground
 * @returns {Rgb}
 */
export function readable(ground) {
  return contrast(ground, [255, 255, 255]) >= 4 ? [255, 255, 255] : [20, 22, 26];
}

/**
 * The colour of a shape, which was chosen for white paper: on dark paper as dark as it was light.
 * @param {string | undefined} color
 * @param {Palette} palette
 * @param {Rgb} otherwise
 * @returns {Rgb}
 */
export function onPaper(color, palette, otherwise) {
  if (!color || palette.forced) return otherwise;
  const rgb = parse(color);
  if (!palette.dark) return rgb;
  const sum = Math.max(...rgb) + Math.min(...rgb);
  /** @type {Rgb} */
  const turned = [rgb[0] + 255 - sum, rgb[1] + 255 - sum, rgb[2] + 255 - sum];
  return mix(turned, palette.paper, 0.25);
}
