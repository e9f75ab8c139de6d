import { describe, expect, test } from '@jest/globals';
import { LocalRanges } from './local-ranges.ts';

/** Every ID of a range, taken in turn as a bigint and as digits. */
function drain(ranges: LocalRanges): (bigint | string)[] {
  const taken: (bigint | string)[] = [];
  for (;;) {
    const id = taken.length % 2 === 0 ? ranges.next() : ranges.nextString();
    if (id === undefined) return taken;
    taken.push(id);
  }
}

describe('what a process holds', () => {
  const BOUNDARIES = [
    1n,
    1_000n,
    10n ** 6n,
    10n ** 9n,
    2n ** 31n,
    2n ** 53n,
    10n ** 15n,
    9n * 10n ** 15n,
    2n ** 62n,
    9_223_000n * 10n ** 12n,
  ];

  test.each(BOUNDARIES)('comes out one by one around %s, as bigint and as digits', (boundary) => {
    for (const before of [0n, 1n, 7n, 200n]) {
      const start = boundary > before ? boundary - before : 1n;
      const ranges = new LocalRanges();
      expect(ranges.add({ start, end: start + 400n })).toBe(true);
      expect(ranges.left).toBe(400);
      const taken = drain(ranges);
      expect(taken.map(BigInt)).toEqual(Array.from({ length: 400 }, (_, index) => start + BigInt(index)));
      expect(taken.map(String)).toEqual(taken.map((id) => BigInt(id).toString()));
      expect(ranges.left).toBe(0);
    }
  });

  test('ends at the highest ID there can be', () => {
    const ranges = new LocalRanges();
    ranges.add({ start: 2n ** 63n - 4n, end: 2n ** 63n - 1n });
    expect(drain(ranges)).toEqual([2n ** 63n - 4n, '9223372036854775805', 2n ** 63n - 2n]);
  });

  test('takes in no range that could repeat an ID or fall', () => {
    const ranges = new LocalRanges();
    expect(ranges.add({ start: 100n, end: 200n })).toBe(true);
    for (const [start, end] of [
      [100n, 200n],
      [199n, 300n],
      [1n, 50n],
    ] as const) {
      expect(ranges.add({ start, end })).toBe(false);
    }
    expect(ranges.add({ start: 200n, end: 210n })).toBe(true);
    const taken = drain(ranges).map(BigInt);
    expect(taken).toEqual(Array.from({ length: 110 }, (_, index) => 100n + BigInt(index)));
  });

  test('is written with its own digits, although another range ended in the same thousand', () => {
    const ranges = new LocalRanges();
    ranges.add({ start: 10n ** 12n + 500n, end: 10n ** 12n + 501n });
    ranges.add({ start: 10n ** 15n + 500n, end: 10n ** 15n + 502n });
    expect(drain(ranges).map(String)).toEqual(['1000000000500', '1000000000000500', '1000000000000501']);
    ranges.add({ start: 10n ** 16n + 500n, end: 10n ** 16n + 501n });
    expect(ranges.nextString()).toBe('10000000000000500');
  });

  test('is gone once dropped', () => {
    const ranges = new LocalRanges();
    ranges.add({ start: 1n, end: 11n });
    ranges.next();
    ranges.add({ start: 20n, end: 25n });
    expect(ranges.drop()).toBe(14);
    expect([ranges.left, ranges.next(), ranges.nextString()]).toEqual([0, undefined, undefined]);
  });
});
