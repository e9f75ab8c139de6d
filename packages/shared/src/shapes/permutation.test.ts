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

/** What one number becomes. */
function apply(permutation: Permutation, number: bigint): bigint {
  return applyAll(permutation, number, 1)[0] ?? -1n;
}

/** What `count` numbers from `first` on become together. */
function applyAll(permutation: Permutation, first: bigint, count: number): bigint[] {
  const { high, low } = permutation.applyRun(first, count);
  return Array.from(low, (word, at) => (BigInt(high[at] ?? 0) << 32n) | BigInt(word));
}

// Printed by the first implementation, which permuted one number at a time. IDs that were issued hang on them.
test.each([
  [FULL, 0n, 2_052_432_694_578_255_502n],
  [FULL, 1n, 5_340_085_800_950_175_164n],
  [FULL, 2n, 112_300_535_660_356_841n],
  [FULL, 2n ** 53n, 5_569_532_416_387_395_620n],
  [FULL, 2n ** 62n + 12_345n, 8_674_516_035_012_070_045n],
  [FULL, FULL - 1n, 4_892_450_129_626_997_379n],
  [2n ** 62n, 2n ** 62n - 1n, 4_074_475_179_196_945_727n],
  [62n ** 10n, 2n ** 40n + 1n, 506_528_712_288_112_923n],
  [36n ** 8n, 41n, 1_068_847_516_282n],
  [10n ** 6n, 999_999n, 841_391n],
  [65_536n, 65_535n, 59_037n],
  [2n, 1n, 0n],
  [1n, 0n, 0n],
])('of %d numbers, %d becomes %d for ever', (size, number, permuted) => {
  const permutation = new Permutation(key('vectors'), size);
  expect(apply(permutation, number)).toBe(permuted);
  expect(permutation.invert(permuted)).toBe(number);
});

test.each([17n, 65_537n, 10n ** 6n, 2n ** 33n, 62n ** 10n, FULL])(
  'of %d numbers, those that are permuted together become what each becomes alone',
  (size) => {
    const permutation = new Permutation(key('together'), size);
    for (const first of [0n, size / 2n, 2n ** 32n - 3n, size - 17n].filter(
      (number) => number + 17n <= size,
    )) {
      const alone = Array.from({ length: 17 }, (_, at) => apply(permutation, first + BigInt(at)));
      expect(applyAll(permutation, first, 17)).toEqual(alone);
    }
  },
);

describe('a permutation of a small range', () => {
  test.each([1n, 2n, 3n, 5n, 16n, 17n, 100n, 255n, 256n, 257n, 1_000n, 4_096n, 10_007n])(
    'of %d numbers hits each once, and finds the way back',
    (size) => {
      const permutation = new Permutation(key('small'), size);
      const there = applyAll(permutation, 0n, Number(size));
      expect(new Set(there).size).toBe(Number(size));
      expect(there.filter((number) => number >= size)).toEqual([]);
      expect(there.filter((number, at) => permutation.invert(number) !== BigInt(at))).toEqual([]);
    },
  );

  test('refuses what lies outside', () => {
    const permutation = new Permutation(key('small'), 10n);
    for (const number of [-1n, 10n, FULL]) {
      expect(() => permutation.applyRun(number, 1)).toThrow(RangeError);
      expect(() => permutation.invert(number)).toThrow(RangeError);
    }
    expect(() => permutation.applyRun(5n, 6)).toThrow(RangeError);
    expect(() => new Permutation(key('small'), FULL + 1n)).toThrow(RangeError);
  });
});

describe('a permutation of 2^63 numbers', () => {
  const permutation = new Permutation(key('full'), FULL);
  const numbers = [0n, 1n, FULL - 1n, 2n ** 53n, ...samples(5_000, FULL)];

  test('comes back from everywhere, and sends no two to one place', () => {
    const there = numbers.map((number) => apply(permutation, number));
    expect(there.map((number) => permutation.invert(number))).toEqual(numbers);
    expect(new Set(there).size).toBe(new Set(numbers).size);
    for (const number of there) expect(number >= 0n && number < FULL).toBe(true);
  });

  test('spreads consecutive numbers evenly over high, low and middle digits (chi-square)', () => {
    const count = 16_000;
    const there = applyAll(permutation, 0n, count);
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
      const [here, beside] = [apply(permutation, number), apply(permutation, number ^ 1n)];
      changed += (here ^ beside).toString(2).replaceAll('0', '').length;
      if (apply(permutation, number + 1n) > here) rising += 1;
    }
    expect(changed / numbers.length).toBeGreaterThan(30.5);
    expect(changed / numbers.length).toBeLessThan(32.5);
    expect(rising / numbers.length).toBeGreaterThan(0.45);
    expect(rising / numbers.length).toBeLessThan(0.55);
  });

  test('is another one with another key', () => {
    const other = new Permutation(key('other'), FULL);
    const same = samples(2_000, FULL).filter((number) => apply(other, number) === apply(permutation, number));
    expect(same).toEqual([]);
  });
});
