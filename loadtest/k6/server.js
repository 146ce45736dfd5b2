// The server under load: its address, how callers prove who they are, and the calls that every scenario makes.
//
//   BASE_URL  its address without a path (http://127.0.0.1:8080)
//   TOKEN     an API key of role organiser, if it runs with AUTH_MODE=tokens; without it X-User-ID names the buyer
import http from 'k6/http';

export const base = `${(__ENV.BASE_URL || 'http://127.0.0.1:8080').replace(/\/+$/, '')}/api/v1`;
const proof = __ENV.TOKEN ? { Authorization: `Bearer ${__ENV.TOKEN}` } : {};

// One name for each kind of request instead of one for each URL, so that k6 keeps a bounded number of series.
function parameters(user, name) {
  return {
    headers: { 'Content-Type': 'application/json', 'X-User-ID': user, ...proof },
    tags: { name },
    timeout: '30s',
  };
}

export function read(path, name, user = 'k6-reader') {
  return http.get(`${base}${path}`, parameters(user, name));
}

export function reserve(user, eventId, wish, key) {
  const body = JSON.stringify({ event_id: eventId, idempotency_key: key, ...wish });
  return http.post(`${base}/reservations`, body, parameters(user, 'reserve'));
}

export function confirm(user, reservationId) {
  return http.post(`${base}/reservations/${reservationId}/confirm`, null, parameters(user, 'confirm'));
}

export function cancel(user, reservationId) {
  return http.post(`${base}/reservations/${reservationId}/cancel`, null, parameters(user, 'cancel'));
}

// A 4xx is an answer: a seat was taken. Only what a buyer cannot do anything about counts in http_req_failed.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 499 }));

const organiser = 'k6-organiser';

function details(name, seats, published) {
  return JSON.stringify({
    name,
    description: 'Made by a load test, which takes it away again. If it is still here, it may be deleted.',
    venue: 'k6',
    start_at: '2099-01-01T19:00:00Z',
    end_at: '2099-01-01T22:00:00Z',
    total_seats: seats,
    published,
  });
}

// Make an event with seats, and return it with the ids of its seats in counting order. Throws, which ends the test.
export function putOnSale(name, seats) {
  const made = http.post(`${base}/events`, details(name, seats, true), parameters(organiser, 'setup'));
  if (made.status !== 201) {
    throw new Error(`POST /events: ${made.status} ${made.body}`);
  }
  const event = { id: made.json('id'), name, seats };
  const body = JSON.stringify({ prefix: 'K', count: seats, price: 5000 });
  const added = http.post(`${base}/events/${event.id}/seats/bulk`, body, parameters(organiser, 'setup'));
  if (added.status !== 201) {
    throw new Error(`POST /events/${event.id}/seats/bulk: ${added.status} ${String(added.body).slice(0, 300)}`);
  }
  return { ...event, seatIds: added.json().map((seat) => seat.id) };
}

// Delete an event, or, since what was sold stays, make it a draft that no buyer sees.
export function takeAway(event) {
  const deleted = http.del(`${base}/events/${event.id}`, null, parameters(organiser, 'teardown'));
  if (deleted.status === 409) {
    const hidden = details(`${event.name} (over)`, event.seats, false);
    http.put(`${base}/events/${event.id}`, hidden, parameters(organiser, 'teardown'));
  }
}
