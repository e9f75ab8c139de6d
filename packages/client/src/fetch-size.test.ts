import { expect, test } from '@jest/globals';
import { nextFetchSize } from './fetch-size.ts';

test.each([
  [100, undefined, 100],
  [100, 1_999, 200],
  [8_000, 10, 10_000],
  [400, 2_000, 400],
  [400, 20_000, 400],
  [400, 20_001, 200],
  [100, 60_000, 100],
  [10_001, 5_000, 10_000],
])('after a fetch of %s that lasted %s ms comes one of %s', (last, lastedMs, next) => {
  expect(nextFetchSize(last, lastedMs, { minFetch: 100, maxFetch: 10_000 })).toBe(next);
});
