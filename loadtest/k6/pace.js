// How long a scenario runs and how fast answers have to be, by environment.
//
//   PROFILE  full (the default), or short: the same shape within a few seconds, to try whether everything works
//   P95_MS   the bound of p95; each scenario has its own default
//   THINK    seconds between two requests of a user, as MIN:MAX
import { sleep } from 'k6';

export const short = __ENV.PROFILE === 'short';
if (__ENV.PROFILE && !['full', 'short'].includes(__ENV.PROFILE)) {
  throw new Error(`PROFILE=${__ENV.PROFILE}: must be full or short`);
}

// One of two values, for the full profile and for the short one.
export const of = (full, brief) => (short ? brief : full);

// Bounds that hold for every scenario. With PROFILE=short, latency has no bound: too few requests.
export function thresholds(p95Milliseconds, more = {}) {
  const bound = __ENV.P95_MS || (short ? 30_000 : p95Milliseconds);
  return {
    checks: ['rate==1'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:reserve}': [`p(95)<${bound}`],
    ...more,
  };
}

export const trends = ['avg', 'med', 'p(95)', 'p(99)', 'max', 'count'];

export function thinker(usual) {
  const [min, max] = (__ENV.THINK || usual).split(':').map(Number);
  return () => {
    if (max > 0) {
      sleep(min + Math.random() * (max - min));
    }
  };
}
