// USERS buyers want one and the same seat at the same moment: exactly one gets it, and everybody else a conflict.
// Repeated with ROUNDS seats. At the end the server is asked who has them.
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { of, thresholds, trends } from './pace.js';
import { base, putOnSale, read, reserve, takeAway } from './server.js';
import http from 'k6/http';

const users = Number(__ENV.USERS || of(100, 20));
const rounds = Number(__ENV.ROUNDS || of(10, 2));
const ROUND_SECONDS = of(3, 2);
const winners = new Counter('winners');
const losers = new Counter('losers');

export const options = {
  scenarios: {
    // Every user is there before the first round begins, and each makes one attempt a round.
    rivals: { executor: 'per-vu-iterations', vus: users, iterations: rounds, maxDuration: '10m' },
  },
  thresholds: thresholds(1_000, {
    winners: [`count==${rounds}`],
    losers: [`count==${rounds * (users - 1)}`],
  }),
  summaryTrendStats: trends,
};

export function setup() {
  const { seatIds, ...event } = putOnSale('k6 contention', rounds);
  return { run: `${Date.now()}`, event, seatIds, begin: Date.now() + 3_000 };
}

export default function rival({ run, event, seatIds, begin }) {
  const round = exec.vu.iterationInScenario;
  const user = `k6-${run}-${exec.vu.idInTest}`;
  // One look before the round, so that the connection is there and all attempts arrive together.
  read(`/events/${event.id}/seats/available/count`, 'count', user);
  sleep(Math.max(0, begin + round * ROUND_SECONDS * 1_000 - Date.now()) / 1_000);
  const answer = reserve(user, event.id, { seat_ids: [seatIds[round]] }, `round-${round}`);
  check(answer, {
    'one wins, the others are told that the seat is taken': () =>
      answer.status === 201 || (answer.status === 409 && answer.json('code') === 'seats_unavailable'),
  });
  (answer.status === 201 ? winners : losers).add(1);
}

export function teardown({ event, seatIds }) {
  const held = seatIds.filter((id) => http.get(`${base}/seats/${id}`, { tags: { name: 'seat' } }).json('status') === 'reserved');
  const free = read(`/events/${event.id}/seats/available/count`, 'count').json('count');
  check(null, { 'at the end every seat is held once': () => held.length === rounds && free === 0 });
  takeAway(event);
}
