import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Permutation } from './permutation.ts';

const FULL = 2n ** 63n;
const key = (name: string) => createHash('sha256').update(name).digest().subarray(0, 16);

/** Numbers below `size` that look random and are always the same. */
function samples(count: number, size: bigint, name = 'samples'): bigint[] {
  return Array.from({ length: count }, (_, index) => {
    const hash = createHash('sha256').update(`${name} ${index}`).digest();
    return hash.readBigUInt64BE() % size;
  });
}

describe('a permutation of a small range', () => {
  test.each([1n, 2n, 3n, 5n, 16n, 17n, 100n, 255n, 256n, 257n, 1_000n, 4_096n, 10_007n])(
    'of %d numbers hits each once, and finds the way back',
    (size) => {
      const permutation = new Permutation(key('small'), size);
      const hit = new Set<bigint>();
      for (let number = 0n; number < size; number++) {
        const there = permutation.apply(number);
        expect(there).toBeLessThan(size);
        hit.add(there);
        if (permutation.invert(there) !== number) throw new Error(`${number} does not come back`);
      }
      expect(hit.size).toBe(Number(size));
    },
  );

  test('refuses what lies outside', () => {
    const permutation = new Permutation(key('small'), 10n);
    for (const number of [-1n, 10n, FULL]) {
      expect(() => permutation.apply(number)).toThrow(RangeError);
      expect(() => permutation.invert(number)).toThrow(RangeError);
    }
    expect(() => new Permutation(key('small'), FULL + 1n)).toThrow(RangeError);
  });
});

describe('a permutation of 2^63 numbers', () => {
  const permutation = new Permutation(key('full'), FULL);
  const numbers = [0n, 1n, FULL - 1n, 2n ** 53n, ...samples(5_000, FULL)];

  test('comes back from everywhere, and sends no two to one place', () => {
    const there = numbers.map((number) => permutation.apply(number));
    expect(there.map((number) => permutation.invert(number))).toEqual(numbers);
    expect(new Set(there).size).toBe(new Set(numbers).size);
    for (const number of there) expect(number >= 0n && number < FULL).toBe(true);
  });

  test('spreads consecutive numbers evenly over high, low and middle digits (chi-square)', () => {
    const count = 16_000;
    const there = Array.from({ length: count }, (_, index) => permutation.apply(BigInt(index)));
    for (const shift of [0n, 20n, 40n, 59n]) {
      const buckets = new Array<number>(16).fill(0);
      for (const number of there)
        buckets[Number((number >> shift) & 15n)] = (buckets[Number((number >> shift) & 15n)] ?? 0) + 1;
      const expected = count / 16;
      const chi = buckets.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
      // 15 degrees of freedom: one keyed permutation in 10,000 is above 44.3, and this key is fixed.
      expect(chi).toBeLessThan(44.3);
    }
  });

  test('changes half of all bits when one changes, and keeps no order', () => {
    let changed = 0;
    let rising = 0;
    const numbers = samples(2_000, FULL / 2n, 'avalanche');
    for (const number of numbers) {
      const [here, beside] = [permutation.apply(number), permutation.apply(number ^ 1n)];
      changed += (here ^ beside).toString(2).replaceAll('0', '').length;
      if (permutation.apply(number + 1n) > here) rising += 1;
    }
    expect(changed / numbers.length).toBeGreaterThan(30.5);
    expect(changed / numbers.length).toBeLessThan(32.5);
    expect(rising / numbers.length).toBeGreaterThan(0.45);
    expect(rising / numbers.length).toBeLessThan(0.55);
  });

  test('is another one with another key', () => {
    const other = new Permutation(key('other'), FULL);
    const same = samples(2_000, FULL).filter((number) => other.apply(number) === permutation.apply(number));
    expect(same).toEqual([]);
  });
});
