import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { eventLoopLag } from './event-loop-lag.ts';

const BLOCKED_MS = 30;

function read(gauges: ReturnType<typeof eventLoopLag>): Record<string, number> {
  return Object.fromEntries(gauges.map(({ name, read }) => [name, read()]));
}

test('a loop that stood still shows once, in the reading after it', async () => {
  const gauges = eventLoopLag();
  // What a turn cost is known once the next has begun.
  for (let turns = 0; turns < 3; turns++) await turn();
  for (const begun = performance.now(); performance.now() - begun < BLOCKED_MS; );
  for (let turns = 0; turns < 3; turns++) await turn();
  const seen = read(gauges);
  expect(seen.nodejs_eventloop_lag_max_seconds).toBeGreaterThanOrEqual(BLOCKED_MS / 1_000);
  expect(seen.nodejs_eventloop_lag_min_seconds).toBeLessThanOrEqual(
    seen.nodejs_eventloop_lag_p50_seconds ?? 0,
  );
  expect(seen.nodejs_eventloop_lag_p50_seconds).toBeLessThanOrEqual(
    seen.nodejs_eventloop_lag_p99_seconds ?? 0,
  );
  expect(read(gauges)).toEqual(Object.fromEntries(gauges.map(({ name }) => [name, Number.NaN])));
});
