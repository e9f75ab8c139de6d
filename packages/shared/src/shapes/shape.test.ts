import { describe, expect, test } from '@jest/globals';
import { HIGHEST_ID } from '../tag.ts';
import { OpaqueKeys } from './opaque-keys.ts';
import { Shape } from './shape.ts';

function shape(text: string): Shape {
  const parsed = Shape.parse(text);
  if (parsed === undefined) throw new Error(`${text} is no shape`);
  return parsed;
}

/** Numbers of every length up to `highest`, the same ones in every run. */
function samples(highest: bigint): bigint[] {
  const found = [0n, 1n, highest - 1n, highest];
  let state = 88_172_645_463_325_252n;
  for (let bits = 1; bits < 64; bits++) {
    for (let n = 0; n < 40; n++) {
      state ^= (state << 13n) & (2n ** 64n - 1n);
      state ^= state >> 7n;
      state ^= (state << 17n) & (2n ** 64n - 1n);
      const number = state >> BigInt(64 - bits);
      if (number <= highest) found.push(number);
    }
  }
  return found;
}

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const SHAPES = [
  ...['decimal', 'base36', 'base62'].flatMap((radix) =>
    ['', ':1', ':2', ':9', ':10', ':13', ':19', ':20'].map((width) => `{${radix}${width}}`),
  ),
].flatMap((digits) => [`ORD-${digits}`, `${digits}-x`, `7${digits}7`]);

describe.each(SHAPES)('%s', (text) => {
  const it = shape(text);
  const numbers = samples(it.highest);

  test('reads what it wrote, and no two numbers are one text', () => {
    const texts = numbers.map((number) => it.write(number));
    expect(texts.map((written) => it.read(written))).toEqual(numbers);
    expect(new Set(texts).size).toBe(new Set(numbers).size);
  });

  test('writes nothing past its room', () => {
    expect(() => it.write(it.highest + 1n)).toThrow(RangeError);
    expect(() => it.write(-1n)).toThrow(RangeError);
  });
});

test.each(['decimal', 'base36', 'base62'])('texts of %s with one width sort as their numbers do', (radix) => {
  const it = shape(`A{${radix}:20}z`);
  const numbers = samples(it.highest).sort((a, b) => (a < b ? -1 : Number(a > b)));
  const texts = numbers.map((number) => it.write(number));
  expect(texts).toEqual(texts.toSorted(bytewise));
  expect(new Set(texts.map(({ length }) => length)).size).toBe(1);
});

test.each([
  ['{base62:2}', 62 ** 2],
  ['x{base36:3}', 36 ** 3],
  ['{decimal:4}', 10 ** 4],
])('%s writes each of its %i numbers as a text of its own, and reads all of them', (text, count) => {
  const it = shape(text);
  expect(it.highest).toBe(BigInt(count - 1));
  const texts = Array.from({ length: count }, (_, number) => it.write(BigInt(number)));
  expect(new Set(texts).size).toBe(count);
  expect(texts.every((written, number) => it.read(written) === BigInt(number))).toBe(true);
  expect(texts).toEqual(texts.toSorted(bytewise));
});

test('looks as the page says', () => {
  expect(shape('ORD-{base36:8}').write(1_000_000n)).toBe('ORD-0000LFLS');
  expect(shape('{base62}').write(HIGHEST_ID)).toBe('AzL8n0Y58m6');
  expect(shape('INV{decimal:10}-26').write(42n)).toBe('INV0000000042-26');
});

test.each([
  ['', 'ORD-', '{decimal}', '{base64}', '{base36:0}', '{base36:21}', '{base36:08}', '{base36:}'],
  ['{base36}{base36}', 'a b{base36}', 'ä{base36}', '{base36}\n', '"{base36}', `${'x'.repeat(33)}{base36}`],
])('%s is no shape', (...texts) => {
  expect(texts.filter((text) => Shape.parse(text) !== undefined)).toEqual([]);
});

test.each([
  ['ORD-{base36:4}', ['ORD-00A', 'ORD-000AA', 'ORD-000a', 'ORD-', 'ORD', '000A', 'ord-000A', 'ORD-00-1']],
  ['{base36}-x', ['0A-x', '-x', '', 'A', 'A-x ', 'A-xA-x', '1Y2P0IJ32E8E8-x', 'ZZZZZZZZZZZZZZZZZZZZZ-x']],
])('%s reads only what it writes', (text, others) => {
  const it = shape(text);
  expect(others.filter((other) => it.read(other) !== undefined)).toEqual([]);
});

test('why a tag keeps its shape: two shapes write one text for two numbers', () => {
  expect(shape('{decimal:2}').write(10n)).toBe(shape('{base36:2}').write(36n));
});

describe('numbers in any order', () => {
  const opaque = new OpaqueKeys(['1=an-old-key-that-is-long-enough-to-count']).forTag('orders');
  const texts = [...SHAPES, 'O{opaque-base62}', '{opaque-decimal:6}', '{opaque-base36:7}-x'];

  test.each(texts)('%s writes each as a shape does that writes it first', (text) => {
    const it = Shape.parse(text, opaque);
    if (it === undefined) throw new Error(`${text} is no shape`);
    const { highest } = it;
    // Up over the ends of what is prepared, back, far away, and up to the last one.
    const starts = [0n, 90n, 1_290n, 3_840n, 7n, highest - 40n, 2n ** 32n - 20n, 2n ** 53n - 20n, 95n];
    const numbers = starts
      .flatMap((start) => Array.from({ length: 41 }, (_, at) => start + BigInt(at)))
      .filter((number) => number >= 0n && number <= highest);
    const first = (number: bigint) => Shape.parse(text, opaque)?.write(number);
    expect(numbers.map((number) => it.write(number))).toEqual(numbers.map(first));
    const safe = numbers.filter((number) => number <= Number.MAX_SAFE_INTEGER);
    expect(safe.map((number) => it.write(Number(number)))).toEqual(safe.map(first));
  });

  test.each(texts)('%s refuses what is no number of its own, also after it has written', (text) => {
    const it = Shape.parse(text, opaque);
    for (const number of [0n, 1n, 2n, 3n]) it?.write(number);
    for (const other of [-1, -1n, 0.5, 1.5, Number.NaN, (it?.highest ?? 0n) + 1n])
      expect(() => it?.write(other)).toThrow(RangeError);
  });
});
