/**
 * Keeps the statuses of a map up to date: bits once, then the stream's changes. One tab of a browser holds the stream
 * and tells the others what comes; a tab that cannot be seen has none. A lost connection is tried again, later each
 * time, at moments of each browser's own, so that a node that restarts is not asked by everybody at once.
 */

import { FREE, Flow, HELD } from "./flow.js";
import { Refused, readStream } from "./stream.js";

const WAIT_MS = 1_000;
const WAIT_MAX_MS = 30_000;
/** A `reload` goes to everybody at once. */
const RELOAD_SPREAD_MS = 500;
/** After this many failures the statuses are fetched now and then: perhaps only streams do not get through. */
const FAILURES_TO_POLL = 2;

/**
 * @typedef {"connecting" | "live" | "lost" | "ended"} State
 * @typedef {import("./stream.js").Message} Message
 *
 * @typedef {object} Listener
 * @property {(codes: Uint8Array, places: number[]) => void} changed
 * @property {(state: State) => void} state
 * @property {(chartVersion: number) => void} grown The chart has another version than the layout.
 */

export class Live {
  /**
   * @param {{bits: string, changes: string}} sources
   * @param {number} seats
   * @param {number} chartVersion Of the layout.
   * @param {Listener} listener
   */
  constructor(sources, seats, chartVersion, listener) {
    this.sources = sources;
    this.chartVersion = chartVersion;
    this.listener = listener;
    this.flow = new Flow(seats);
    /** The last id of the stream that was seen here; a stream that begins after it has no gap. */
    this.lastId = "";
    /** @type {AbortController | null} Null while the tab is hidden or the map is gone. */
    this.running = null;
    this.leading = false;
    /** @type {BroadcastChannel | null} */
    this.others = null;
    /** @type {State} */
    this.now = "connecting";
    this.ended = new AbortController();
    const { signal } = this.ended;
    const look = () => (document.hidden ? this.stop() : this.start());
    document.addEventListener("visibilitychange", look, { signal });
    addEventListener("pagehide", () => this.stop(), { signal });
    addEventListener("pageshow", look, { signal });
    look();
  }

  destroy() {
    this.ended.abort();
    this.stop();
  }

  stop() {
    this.running?.abort();
    this.running = null;
    this.others?.close();
    this.others = null;
    this.leading = false;
  }

  start() {
    if (this.running || this.now === "ended") return;
    const running = (this.running = new AbortController());
    const name = `map ${new URL(this.sources.changes, location.href).pathname}`;
    if (!navigator.locks || !window.BroadcastChannel) {
      // Not on HTTPS.
      void this.lead(running.signal);
      return;
    }
    this.others = new BroadcastChannel(name);
    this.others.onmessage = (event) => this.hear(event.data);
    /** @param {Lock | null} lock */
    const lead = (lock) => (lock ? this.lead(running.signal) : this.follow(running.signal, name));
    // Where storage is forbidden, locks are too.
    navigator.locks.request(name, { ifAvailable: true }, lead).catch(() => this.lead(running.signal));
  }

  /**
   * Another tab holds the stream. What it told before this tab listened is missing, so bits are fetched; and if it
   * goes, this tab may be the next.
   * @param {AbortSignal} signal
   * @param {string} name
   */
  follow(signal, name) {
    if (signal.aborted) return;
    this.others?.postMessage({ who: true });
    this.flow.reload();
    void this.fetchBits(signal);
    navigator.locks.request(name, { signal }, () => this.lead(signal)).catch(() => {});
  }

  /** @param {{who?: boolean, state?: State, message?: Message}} told By another tab. */
  hear(told) {
    if (this.leading) {
      if (told.who) this.others?.postMessage({ state: this.now });
      return;
    }
    if (told.state) this.be(told.state);
    if (told.message && this.running) this.receive(told.message, this.running.signal);
  }

  /**
   * Hold the stream, until the tab is hidden or closed.
   * @param {AbortSignal} signal
   */
  async lead(signal) {
    if (signal.aborted) return;
    this.leading = true;
    let failures = 0;
    while (!signal.aborted && this.now !== "ended") {
      try {
        const after = this.lastId && !this.flow.broken ? `?after=${encodeURIComponent(this.lastId)}` : "";
        const alive = () => {
          failures = 0;
          this.tell("live");
        };
        await readStream(this.sources.changes + after, signal, alive, (message) => {
          this.others?.postMessage({ message });
          this.receive(message, signal);
        });
        if (!signal.aborted) throw new Error("the stream has ended");
      } catch (failure) {
        if (signal.aborted) return;
        if (this.isOver(failure)) break;
        failures++;
        // A node that restarts ends its streams; the next one takes over, and nobody need hear of it.
        if (failures > 1) this.tell("lost");
        if (failures >= FAILURES_TO_POLL) void this.fetchBits(signal);
        await pause(waitFor(failures, failure), signal);
      }
    }
  }

  /**
   * @param {Message} message
   * @param {AbortSignal} signal
   */
  receive({ event, id, data }, signal) {
    if (id) this.lastId = id;
    if (event === "hello") {
      if (this.flow.hello(JSON.parse(data).version)) void this.fetchBits(signal);
    } else if (event === "changes") {
      const { version, seats, changes } = JSON.parse(data);
      const places = this.flow.frame(version, changes);
      if (seats !== this.flow.codes.length) void this.fetchBits(signal);
      else if (places.length) this.listener.changed(this.flow.codes, places);
    } else if (event === "reload") {
      this.lastId = "";
      this.flow.reload();
      void pause(Math.random() * RELOAD_SPREAD_MS, signal).then(() => this.fetchBits(signal));
    } else if (event === "deleted" || event === "archived") {
      this.end();
    }
  }

  /**
   * The server has refused these seats. They count as taken until the statuses have been fetched again.
   * @param {number[]} places
   */
  recheck(places) {
    for (const place of places) if (this.flow.codes[place] === FREE) this.flow.codes[place] = HELD;
    this.refresh();
  }

  /** Fetch the statuses again, although no change may have been missed. */
  refresh() {
    if (this.running) void this.fetchBits(this.running.signal);
  }

  /** @param {AbortSignal} signal */
  async fetchBits(signal) {
    for (let failures = 0; !signal.aborted; ) {
      const asked = this.flow.ask();
      try {
        const response = await fetch(this.sources.bits, { headers: { accept: "application/octet-stream" }, signal });
        if (!response.ok) throw Refused.of(response);
        const bytes = new Uint8Array(await response.arrayBuffer());
        const chart = Number(response.headers.get("chart-version") ?? this.chartVersion);
        if (chart !== this.chartVersion) {
          // The map of the new chart has its own.
          this.destroy();
          this.listener.grown(chart);
          return;
        }
        const places = this.flow.bits(asked, Number(response.headers.get("event-version")), bytes);
        if (places) {
          this.listener.changed(this.flow.codes, places);
          if (!this.leading) this.be("live");
        }
        return;
      } catch (failure) {
        if (signal.aborted || this.isOver(failure)) return;
        this.flow.failed(asked);
        if (asked !== this.flow.asked) return;
        failures++;
        this.be("lost");
        await pause(waitFor(failures, failure), signal);
        if (asked !== this.flow.asked) return;
      }
    }
  }

  /**
   * @param {unknown} failure
   * @returns {boolean} Whether the event can no longer be seen, so that there is nothing to wait for.
   */
  isOver(failure) {
    const over = failure instanceof Refused && [401, 403, 404, 410].includes(failure.status);
    if (over) this.end();
    return over;
  }

  end() {
    this.tell("ended");
    this.stop();
  }

  /**
   * Say it here and, if this tab holds the stream, in the others.
   * @param {State} state
   */
  tell(state) {
    if (this.leading && state !== this.now) this.others?.postMessage({ state });
    this.be(state);
  }

  /** @param {State} state */
  be(state) {
    if (state === this.now || this.now === "ended") return;
    this.now = state;
    this.listener.state(state);
  }
}

/**
 * @param {number} failures
 * @param {unknown} failure
 */
function waitFor(failures, failure) {
  const asked = failure instanceof Refused ? failure.seconds * 1_000 : 0;
  return asked + Math.min(WAIT_MS * 2 ** (failures - 1), WAIT_MAX_MS) * (0.5 + Math.random() / 2);
}

/**
 * Wait, or until the device is online again.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
