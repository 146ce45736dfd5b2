// Mixed load on one server: one fifth reservations, each of another free seat, and four fifths reads: the event list,
// the seat list of one event and its available count, a third each.
//
// `holdfast bench mixed` runs it and makes what it needs. By hand:
//   k6 run -e URL=http://127.0.0.1:8080 -e STAGES=50:40,100:40,200:40 -e THINK=0.05:0.15 -e DATA=data.json mixed.js
// with data.json: {"about": {"seat_list_bytes_min": 60000, "event_list_bytes_min": 100, "starts": [0, 4000, 12000]},
//                  "events": ["<event id>", …], "seats": ["<event number>:<seat id>", …]}
// `starts` holds, for each stage, the place in `seats` of the first that it reserves.
import exec from 'k6/execution';
import http from 'k6/http';
import { SharedArray } from 'k6/data';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const base = `${__ENV.URL}/api/v1`;
const stages = __ENV.STAGES.split(',').map((stage) => stage.split(':').map(Number));
const [thinkMin, thinkMax] = (__ENV.THINK || '0:0').split(':').map(Number);
const conflictStatus = Number(__ENV.CONFLICT_STATUS || 409);
const run = __ENV.RUN || `${Date.now()}`;

const about = new SharedArray('about', () => [JSON.parse(open(__ENV.DATA)).about]);
const events = new SharedArray('events', () => JSON.parse(open(__ENV.DATA)).events);
const seats = new SharedArray('seats', () => JSON.parse(open(__ENV.DATA)).seats);

const reserved = new Counter('reserved');
const conflicts = new Counter('conflicts');
const refused = new Counter('refused');
const badReads = new Counter('bad_reads');
const reads = new Counter('reads');
const durations = {
  reserve: new Trend('reserve_ms', true),
  events: new Trend('event_list_ms', true),
  seats: new Trend('seat_list_ms', true),
  count: new Trend('available_count_ms', true),
};

const name = (index) => `stage_${index}`;
const scenarios = {};
const thresholds = { reserved: ['count>=0'], conflicts: ['count>=0'], refused: ['count>=0'], bad_reads: ['count>=0'] };
let startSeconds = 0;
stages.forEach(([users, seconds], index) => {
  scenarios[name(index)] = {
    executor: 'constant-vus',
    vus: users,
    duration: `${seconds}s`,
    startTime: `${startSeconds}s`,
    gracefulStop: '10s',
  };
  startSeconds += seconds;
  // A metric of one scenario stands in the summary only when a threshold names it.
  thresholds[`http_req_duration{scenario:${name(index)}}`] = ['max>=0'];
  thresholds[`http_reqs{scenario:${name(index)}}`] = ['count>=0'];
});

export const options = {
  scenarios,
  thresholds,
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  // One tag for each kind of request, not one for each URL.
  systemTags: ['scenario', 'status'],
};

export default function mixed() {
  const number = exec.scenario.iterationInTest;
  if (number % 5 === 4) {
    reserve(Math.floor(number / 5));
  } else {
    const event = events[Math.floor(Math.random() * events.length)];
    [readEvents, readSeats, readCount][(number - Math.floor(number / 5)) % 3](event);
  }
  if (thinkMax > 0) {
    sleep(thinkMin + Math.random() * (thinkMax - thinkMin));
  }
}

function reserve(number) {
  const stage = Number(exec.scenario.name.split('_')[1]);
  const place = about[0].starts[stage] + number;
  const [event, seat] = seats[place % seats.length].split(':');
  const body = `{"event_id":"${events[event]}","seat_ids":["${seat}"],"idempotency_key":"${run}-${place}"}`;
  const answer = http.post(`${base}/reservations`, body, {
    headers: { 'Content-Type': 'application/json', 'X-User-ID': `buyer-${exec.vu.idInTest}` },
  });
  durations.reserve.add(answer.timings.duration);
  const counter = { 201: reserved, [conflictStatus]: conflicts }[answer.status] || refused;
  counter.add(1);
}

function readEvents() {
  read('events', `${base}/events?limit=20`, about[0].event_list_bytes_min);
}

function readSeats(event) {
  read('seats', `${base}/events/${event}/seats`, about[0].seat_list_bytes_min);
}

function readCount(event) {
  read('count', `${base}/events/${event}/seats/available/count`, 1);
}

function read(kind, url, bytesMin) {
  const answer = http.get(url);
  durations[kind].add(answer.timings.duration);
  reads.add(1);
  if (answer.status !== 200 || !answer.body || answer.body.length < bytesMin) {
    badReads.add(1);
  }
}

export function handleSummary(data) {
  return __ENV.SUMMARY ? { [__ENV.SUMMARY]: JSON.stringify(data) } : { stdout: JSON.stringify(data.metrics, null, 1) };
}
