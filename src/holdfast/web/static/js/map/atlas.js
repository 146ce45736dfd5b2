/** Small pictures that are drawn once and then copied, by key. */

const ACROSS = 16;

export class Atlas {
  /**
   * @param {number} size Of each, in device pixels.
   * @param {number} [max] More than these are drawn again.
   */
  constructor(size, max = 512) {
    this.size = size;
    this.max = max;
    /** @type {Map<string | number, number>} */
    this.cells = new Map();
    this.canvas = document.createElement("canvas");
    this.canvas.width = ACROSS * size;
    this.canvas.height = size;
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  }

  /**
   * @param {CanvasRenderingContext2D} target In device pixels.
   * @param {string | number} key
   * @param {number} x The upper left corner.
   * @param {number} y
   * @param {(context: CanvasRenderingContext2D) => void} paint Paints it, with its middle at 0, 0.
   */
  draw(target, key, x, y, paint) {
    let cell = this.cells.get(key);
    if (cell === undefined) cell = this.add(key, paint);
    const { size } = this;
    target.drawImage(this.canvas, (cell % ACROSS) * size, Math.floor(cell / ACROSS) * size, size, size, x, y, size, size);
  }

  /**
   * @param {string | number} key
   * @param {(context: CanvasRenderingContext2D) => void} paint
   */
  add(key, paint) {
    const { size, canvas, context } = this;
    if (this.cells.size >= this.max) this.cells.clear();
    const cell = this.cells.size;
    this.cells.set(key, cell);
    const x = (cell % ACROSS) * size;
    const y = Math.floor(cell / ACROSS) * size;
    if (y + size > canvas.height) this.grow(Math.max(2 * canvas.height, y + size));
    context.save();
    context.beginPath();
    context.rect(x, y, size, size);
    context.clip();
    context.clearRect(x, y, size, size);
    context.translate(x + size / 2, y + size / 2);
    paint(context);
    context.restore();
    return cell;
  }

  /** @param {number} height */
  grow(height) {
    const kept = document.createElement("canvas");
    kept.width = this.canvas.width;
    kept.height = this.canvas.height;
    kept.getContext("2d")?.drawImage(this.canvas, 0, 0);
    this.canvas.height = height;
    this.context.drawImage(kept, 0, 0);
  }
}
