/**
 * Mouse, pen and fingers. The page scrolls over the map: only Ctrl with the wheel zooms, and one finger moves the hall
 * only when it is larger than the canvas. Two fingers pinch, and what has moved is no tap.
 */

/**
 * @typedef {object} Doings What gestures do.
 * @property {(sx: number, sy: number, pointer: string) => void} tap
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, sx: number, sy: number) => void} zoom
 * @property {(sx: number, sy: number) => void} hover With NaN when the pointer has left.
 * @property {() => boolean} isWhole Whether the whole hall is in view.
 * @property {(vx: number, vy: number) => void} fling Let go in movement, in pixels per millisecond.
 * @property {() => void} stop A finger or a button is down.
 * @property {() => void} hint The wheel was turned without Ctrl.
 */

/** Pixels that a finger may move in a tap. */
const SLIP = { mouse: 4, pen: 6, touch: 10 };
/** Milliseconds; longer is no tap, as it is elsewhere. */
const TAP_MAX = 700;

/**
 * @param {HTMLElement} element
 * @param {Doings} doings
 * @param {AbortSignal} signal
 */
export function watchPointers(element, doings, signal) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = false;
  let began = 0;
  let first = { x: 0, y: 0 };
  /** Of the last moves, for the fling: time and place. @type {[number, number, number][]} */
  let trail = [];

  /** @param {PointerEvent | WheelEvent} event */
  const spot = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  /** @param {PointerEvent} event */
  const start = (event) => {
    if (event.button > 0) return;
    doings.stop();
    down.set(event.pointerId, spot(event));
    if (down.size === 1) {
      moved = false;
      began = event.timeStamp;
      first = spot(event);
      trail = [];
    } else {
      moved = true;
    }
    if (event.pointerType === "mouse" || !doings.isWhole() || down.size > 1) element.setPointerCapture(event.pointerId);
  };

  /** @param {PointerEvent} event */
  const move = (event) => {
    const now = spot(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") doings.hover(now.x, now.y);
      return;
    }
    const slip = SLIP[/** @type {"mouse"} */ (event.pointerType)] ?? SLIP.touch;
    if (!moved && Math.hypot(now.x - first.x, now.y - first.y) <= slip) return;
    if (!moved) {
      moved = true;
      doings.hover(NaN, NaN);
    }
    if (down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const wide = Math.hypot(before.x - other.x, before.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      doings.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
      if (wide > 1) doings.zoom(Math.hypot(now.x - other.x, now.y - other.y) / wide, middle.x, middle.y);
    } else if (down.size === 1 && !doings.isWhole()) {
      doings.pan(now.x - before.x, now.y - before.y);
      trail = [...trail.filter(([time]) => event.timeStamp - time < 100), [event.timeStamp, now.x, now.y]];
    }
    down.set(event.pointerId, now);
  };

  /** @param {PointerEvent} event */
  const end = (event) => {
    if (!down.delete(event.pointerId) || down.size) return;
    if (event.type === "pointercancel") return;
    if (!moved && event.timeStamp - began < TAP_MAX) {
      doings.tap(first.x, first.y, event.pointerType);
    } else if (trail.length > 1) {
      const [[time, x, y]] = trail;
      const now = spot(event);
      const took = Math.max(event.timeStamp - time, 1);
      if (event.timeStamp - (trail.at(-1)?.[0] ?? 0) < 60) doings.fling((now.x - x) / took, (now.y - y) / took);
    }
  };

  element.addEventListener("pointerdown", start, { signal });
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", end, { signal });
  element.addEventListener("pointercancel", end, { signal });
  element.addEventListener("pointerleave", () => doings.hover(NaN, NaN), { signal });
  element.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) {
      doings.hint();
      return;
    }
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const { x, y } = spot(event);
    doings.zoom(Math.exp(-Math.min(Math.max(event.deltaY * lines, -120), 120) * 0.006), x, y);
  }, { signal, passive: false });
}
