/**
 * A stream of server-sent events over `fetch`. Unlike `EventSource` it sees the heartbeats, so a connection that died
 * without a word (a phone in a tunnel) is noticed, and it sees why it was refused.
 */

/** The server sends a heartbeat every 15 seconds. */
const SILENCE_MS = 40_000;

/** @typedef {{event: string, id: string, data: string}} Message */

export class Refused extends Error {
  /**
   * @param {number} status
   * @param {number} seconds After which it may be tried again, as the server says; 0 if it says nothing.
   */
  constructor(status, seconds) {
    super(`status ${status}`);
    this.status = status;
    this.seconds = seconds;
  }

  /** @param {Response} response */
  static of(response) {
    return new Refused(response.status, Number(response.headers.get("retry-after")) || 0);
  }
}

/**
 * Read a stream until it ends, which is always a failure or an abort.
 * @param {string} url
 * @param {AbortSignal} signal
 * @param {() => void} alive Called whenever anything comes, if only a heartbeat.
 * @param {(message: Message) => void} receive
 */
export async function readStream(url, signal, alive, receive) {
  const silence = new AbortController();
  const stop = () => silence.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE_MS);
  try {
    const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal: silence.signal, cache: "no-store" });
    if (!response.ok || !response.body) throw Refused.of(response);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const feed = parser(receive);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      alive();
      feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    silence.abort();
  }
}

/**
 * @param {(message: Message) => void} receive
 * @returns {(text: string) => void} Takes the stream in pieces of any size.
 */
export function parser(receive) {
  let rest = "";
  let event = "";
  let id = "";
  /** @type {string[]} */
  let data = [];
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.map((each) => each.replace(/\r$/, ""))) {
      if (!line) {
        if (data.length) receive({ event: event || "message", id, data: data.join("\n") });
        event = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") event = value;
      else if (field === "data") data.push(value);
      else if (field === "id") id = value;
    }
  };
}
