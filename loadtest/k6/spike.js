// The on-sale moment: from nobody to USERS (1,000) within five seconds. Everybody looks at the event and its number of
// free seats, and asks for the two best ones. Afterwards one user measures whether the server is as quick as before.
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { of, short, thinker, thresholds, trends } from './pace.js';
import { putOnSale, read, reserve, takeAway } from './server.js';

const users = Number(__ENV.USERS || of(1_000, 100));
const think = thinker('0.5:1.5');
const held = new Counter('held');
const soldOut = new Counter('sold_out');
const busy = new Counter('busy');
const [RISE, STAY, FALL] = of([5, 20, 5], [2, 3, 1]);
const REST = of(5, 1);

export const options = {
  scenarios: {
    crowd: {
      executor: 'ramping-vus',
      stages: [
        { duration: `${RISE}s`, target: users },
        { duration: `${STAY}s`, target: users },
        { duration: `${FALL}s`, target: 0 },
      ],
      gracefulRampDown: '5s',
    },
    afterwards: {
      executor: 'constant-vus',
      exec: 'afterwards',
      vus: 1,
      duration: of('10s', '2s'),
      startTime: `${RISE + STAY + FALL + 5 + REST}s`,
    },
  },
  thresholds: thresholds(3_000, {
    held: ['count>0'],
    'http_req_duration{scenario:afterwards}': [`p(95)<${short ? 30_000 : 200}`],
    'http_req_failed{scenario:afterwards}': ['rate==0'],
  }),
  summaryTrendStats: trends,
};

export function setup() {
  const { seatIds, ...event } = putOnSale('k6 spike', Number(__ENV.SEATS || of(50_000, 1_000)));
  return { run: `${Date.now()}`, event };
}

export default function buyer({ run, event }) {
  const user = `k6-${run}-${exec.vu.idInTest}`;
  look(event, user);
  think();
  const wish = { best_available: { count: 2 } };
  const answer = reserve(user, event.id, wish, `${exec.vu.iterationInScenario}`);
  check(answer, {
    'seats, sold out, or come back later': () => [201, 409].includes(answer.status) || comeBackLater(answer),
  });
  (({ 201: held, 409: soldOut })[answer.status] || busy).add(1);
  think();
}

export function afterwards({ event }) {
  look(event, 'k6-afterwards');
  thinker('0.1:0.1')();
}

function look(event, user) {
  check(read(`/events/${event.id}`, 'event', user), {
    'the event is shown, or come back later': (answer) => answer.status === 200 || comeBackLater(answer),
  });
  check(read(`/events/${event.id}/seats/available/count`, 'count', user), {
    'the free seats are counted, or come back later': (answer) => answer.status === 200 || comeBackLater(answer),
  });
}

// The server has more to do than it can. How many requests may get this is a threshold (http_req_failed).
function comeBackLater(answer) {
  return answer.status === 503 && answer.json('outcome') === 'none';
}

export function teardown({ event }) {
  takeAway(event);
}
