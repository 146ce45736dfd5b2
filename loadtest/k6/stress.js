// Mixed load in three stages, 50, 100 and 200 users: one fifth of the requests reserve a seat, each another free one, and
// four fifths read: the event list, the seat list of one event and its available count, a third each.
//
// It makes its own events. `holdfast bench mixed` passes it ready-made ones instead (DATA), by benchmark.js.
//   STAGES  USERS:SECONDS of each stage (50:40,100:40,200:40)
//   THINK   seconds between two requests of a user, as MIN:MAX (0.05:0.15)
//   DATA    a JSON file: {"about": {"seat_list_bytes_min": 60000, "event_list_bytes_min": 100, "starts": [0, 4000, 12000]},
//           "events": ["<event id>", …], "seats": ["<event number>:<seat id>", …]}; `starts` holds, for each stage, the
//           place in `seats` of the first seat that it reserves
import exec from 'k6/execution';
import { SharedArray } from 'k6/data';
import { Counter, Rate, Trend } from 'k6/metrics';
import { of, thinker, trends } from './pace.js';
import { putOnSale, read, reserve, takeAway } from './server.js';

const stages = (__ENV.STAGES || of('50:40,100:40,200:40', '5:2,10:2,20:2')).split(',').map((stage) => stage.split(':').map(Number));
const think = thinker('0.05:0.15');
const conflictStatus = Number(__ENV.CONFLICT_STATUS || 409);
const given = Boolean(__ENV.DATA);
const about = given ? new SharedArray('about', () => [JSON.parse(open(__ENV.DATA)).about]) : [];
const events = given ? new SharedArray('events', () => JSON.parse(open(__ENV.DATA)).events) : [];
const seats = given ? new SharedArray('seats', () => JSON.parse(open(__ENV.DATA)).seats) : [];

const EVENTS = of(100, 10);
const SEATS_OF_EVENT = 500;
// A stage begins while the last requests of the one before are still under way, so it has users of its own.
const usersOfAllStages = stages.reduce((sum, [users]) => sum + users, 0);

const reserved = new Counter('reserved');
const conflicts = new Counter('conflicts');
const refused = new Counter('refused');
const badReads = new Counter('bad_reads');
const reads = new Counter('reads');
const written = new Rate('written');
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
if (!given) {
  // The benchmark judges its figures itself.
  thresholds[`http_req_duration{scenario:${name(stages.length - 1)}}`].push(`p(95)<${__ENV.P95_MS || of(500, 30_000)}`);
  thresholds.http_req_failed = ['rate<0.01'];
  thresholds.written = ['rate>0.95'];
  thresholds.bad_reads = ['count==0'];
}

export const options = {
  scenarios,
  thresholds,
  summaryTrendStats: trends,
  // One tag for each kind of request, not one for each URL.
  systemTags: ['scenario', 'status'],
};

export function setup() {
  if (given) {
    return {};
  }
  const run = `${Date.now()}`;
  const made = [];
  for (let number = 0; number < EVENTS; number += 1) {
    // Their seats would be copied for every user: each reads those of its own event instead.
    const { seatIds, ...event } = putOnSale(`k6 stress ${run}-${number}`, SEATS_OF_EVENT);
    made.push(event);
  }
  return { run, made };
}

export default function mixed(data) {
  const number = exec.scenario.iterationInTest;
  if (number % 5 === 4) {
    if (given) {
      reserveGiven(Math.floor(number / 5));
    } else {
      reserveOwn(data);
    }
  } else {
    const event = given ? events[Math.floor(Math.random() * events.length)] : data.made[Math.floor(Math.random() * EVENTS)].id;
    [readEvents, readSeats, readCount][(number - Math.floor(number / 5)) % 3](event);
  }
  think();
}

function reserveGiven(number) {
  const stage = Number(exec.scenario.name.split('_')[1]);
  const place = about[0].starts[stage] + number;
  const [event, seat] = seats[place % seats.length].split(':');
  book(`buyer-${exec.vu.idInTest}`, events[event], seat, `${place}`);
}

let mine = null;
let next = 0;

// Each user has seats of its own: a share of those of one event.
function reserveOwn({ run, made }) {
  const user = exec.vu.idInTest - 1;
  const event = made[user % EVENTS];
  if (mine === null) {
    const rivals = Math.ceil(usersOfAllStages / EVENTS);
    const share = Math.floor(SEATS_OF_EVENT / rivals);
    const from = Math.floor(user / EVENTS) * share;
    mine = read(`/events/${event.id}/seats`, 'seats').json().slice(from, from + share).map((seat) => seat.id);
  }
  book(`k6-${run}-${user}`, event.id, mine[next % mine.length], `${run}-${next}`);
  next += 1;
}

function book(user, event, seat, key) {
  const answer = reserve(user, event, { seat_ids: [seat] }, key);
  durations.reserve.add(answer.timings.duration);
  const counter = { 201: reserved, [conflictStatus]: conflicts }[answer.status] || refused;
  counter.add(1);
  written.add(answer.status === 201);
}

function readEvents() {
  look('events', '/events?limit=20', given ? about[0].event_list_bytes_min : 100);
}

function readSeats(event) {
  look('seats', `/events/${event}/seats`, given ? about[0].seat_list_bytes_min : SEATS_OF_EVENT * 100);
}

function readCount(event) {
  look('count', `/events/${event}/seats/available/count`, 1);
}

function look(kind, path, bytesMin) {
  const answer = read(path, kind);
  durations[kind].add(answer.timings.duration);
  reads.add(1);
  if (answer.status !== 200 || !answer.body || answer.body.length < bytesMin) {
    badReads.add(1);
  }
}

export function teardown({ made = [] }) {
  made.forEach(takeAway);
}
