// Buyers from the first look to the sale: the list of events, the free seats, a hold of one to four of them (and
// another try where somebody was faster), then six in ten buy, three cancel, and one leaves the hold to run out.
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter, Rate } from 'k6/metrics';
import { of, thinker, thresholds, trends } from './pace.js';
import { cancel, confirm, putOnSale, read, reserve, takeAway } from './server.js';

const users = Number(__ENV.USERS || of(50, 5));
const think = thinker('0.5:1.5');
const held = new Rate('held');
const sold = new Counter('sold');
const TRIES = 3;

export const options = {
  scenarios: {
    buyers: {
      executor: 'ramping-vus',
      stages: [
        { duration: of('15s', '1s'), target: users },
        { duration: of('60s', '5s'), target: users },
        { duration: of('5s', '1s'), target: 0 },
      ],
      gracefulRampDown: '10s',
    },
  },
  thresholds: thresholds(500, {
    'http_req_duration{name:confirm}': [`p(95)<${__ENV.P95_MS || of(500, 30_000)}`],
    held: ['rate>0.95'],
    sold: ['count>0'],
  }),
  summaryTrendStats: trends,
};

export function setup() {
  const { seatIds, ...event } = putOnSale('k6 reservation flow', Number(__ENV.SEATS || of(20_000, 500)));
  return { run: `${Date.now()}`, event };
}

export default function buy({ run, event }) {
  const user = `k6-${run}-${exec.vu.idInTest}`;
  check(read('/events?limit=20', 'events'), { 'the events are listed': (answer) => answer.status === 200 });
  think();
  const reservation = hold(user, event, `${run}-${exec.scenario.iterationInTest}`);
  held.add(reservation !== null);
  if (reservation === null) {
    return;
  }
  think();
  const chance = Math.random();
  if (chance < 0.6) {
    check(confirm(user, reservation), { 'a live hold is sold': (answer) => answer.status === 200 });
    sold.add(1);
  } else if (chance < 0.9) {
    check(cancel(user, reservation), { 'a hold is cancelled': (answer) => answer.status === 200 });
  }
}

// Hold seats that are shown as free; return the reservation's id, or null after three tries.
function hold(user, event, key) {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const answer = read(`/events/${event.id}/seats?available=true`, 'free seats');
    check(answer, { 'the free seats are listed': () => answer.status === 200 });
    const free = answer.json();
    if (free.length < 4) {
      return null;
    }
    const at = Math.floor(Math.random() * (free.length - 4));
    const wish = free.slice(at, at + 1 + Math.floor(Math.random() * 4)).map((seat) => seat.id);
    const made = reserve(user, event.id, { seat_ids: wish }, `${key}-${attempt}`);
    check(made, { 'a wish is held, or somebody was faster': () => made.status === 201 || made.status === 409 });
    if (made.status === 201) {
      return made.json('id');
    }
  }
  return null;
}

export function teardown({ event }) {
  takeAway(event);
}
