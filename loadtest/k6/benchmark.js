// stress.js for `holdfast bench mixed`, which reads the figures from the file SUMMARY.
export { default, options, setup, teardown } from './stress.js';

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
