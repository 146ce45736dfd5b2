// Does everything answer as promised? One user goes once through the whole life of a reservation.
import { check } from 'k6';
import exec from 'k6/execution';
import { of, thresholds, trends } from './pace.js';
import { base, cancel, confirm, putOnSale, read, reserve, takeAway } from './server.js';
import http from 'k6/http';

export const options = {
  vus: 1,
  iterations: of(10, 2),
  thresholds: thresholds(500),
  summaryTrendStats: trends,
};

export function setup() {
  return { run: `${Date.now()}`, event: putOnSale('k6 smoke', 30) };
}

export default function smoke({ run, event }) {
  const number = exec.scenario.iterationInTest;
  const user = `k6-smoke-${run}`;
  const [first, second, third] = event.seatIds.slice(number * 3, number * 3 + 3);

  const health = http.get(`${base}/health`, { tags: { name: 'health' } });
  check(health, { 'health is ok': (answer) => answer.status === 200 && answer.json('status') === 'ok' });
  check(read(`/events/${event.id}`, 'event'), { 'the event is found': (answer) => answer.status === 200 });
  check(read(`/events/${event.id}/seats/available/count`, 'count'), {
    'three seats less are free each time but those cancelled': (answer) => answer.json('count') === 30 - number,
  });

  const made = reserve(user, event.id, { seat_ids: [first, second] }, `hold-${number}`);
  check(made, {
    'a hold is made': (answer) => answer.status === 201 && answer.json('status') === 'pending',
    'it costs what its seats cost': (answer) => answer.json('total_amount') === 10_000,
  });
  check(reserve(user, event.id, { seat_ids: [second, first] }, `hold-${number}`), {
    'sent again it is the same one': (answer) =>
      answer.status === 201 && answer.json('id') === made.json('id') && answer.headers['Idempotent-Replayed'] === 'true',
  });
  check(reserve(user, event.id, { seat_ids: [third] }, `hold-${number}`), {
    'its key is for these seats only': (answer) =>
      answer.status === 422 && answer.json('code') === 'idempotency_key_reused',
  });
  check(reserve(`${user}-rival`, event.id, { seat_ids: [first] }, `rival-${number}`), {
    'its seats are taken': (answer) => answer.status === 409 && answer.json('code') === 'seats_unavailable',
  });
  check(cancel(user, made.json('id')), { 'it is cancelled': (answer) => answer.json('status') === 'cancelled' });

  const sold = reserve(user, event.id, { seat_ids: [third] }, `sale-${number}`);
  check(confirm(user, sold.json('id')), { 'a hold is sold': (answer) => answer.json('status') === 'confirmed' });
  check(cancel(user, sold.json('id')), {
    'what is sold stays sold': (answer) => answer.status === 409 && answer.json('code') === 'already_confirmed',
  });
}

export function teardown({ event }) {
  takeAway(event);
}
