import { describe, expect, test } from '@jest/globals';
import { IdSet } from './id-set.ts';

describe('an ID set', () => {
  test('finds the repeated ones, once each and in order, over the whole 64 bits', () => {
    const ids = new IdSet();
    const highest = 2n ** 64n - 1n;
    ids.addAll(new BigUint64Array([highest, 5n, 2n ** 32n, 7n, 5n]));
    ids.add(5n);
    ids.add(highest);
    ids.add(2n ** 32n + 7n);
    expect([ids.size, ids.duplicates(), ids.duplicates(1)]).toEqual([8, [5n, highest], [5n]]);
    ids.add(7n);
    expect(ids.duplicates()).toEqual([5n, 7n, highest]);
  });

  test('takes two million IDs in eight bytes each', () => {
    const before = process.memoryUsage().rss;
    const ids = new IdSet();
    const chunk = new BigUint64Array(100_000);
    for (let round = 0; round < 20; round++) {
      // An odd factor shuffles the numbers over 64 bits without making two of them equal.
      for (let index = 0; index < chunk.length; index++) {
        chunk[index] = BigInt(round * chunk.length + index) * 0x9e3779b97f4a7c15n;
      }
      ids.addAll(chunk);
    }
    expect(ids.duplicates()).toEqual([]);
    ids.add(0x9e3779b97f4a7c15n);
    expect(ids.duplicates()).toEqual([0x9e3779b97f4a7c15n]);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 2 ** 20);
  });
});
