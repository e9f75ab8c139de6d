import { describe, expect, test } from '@jest/globals';
import { createTagRequest } from '../wire/wire.ts';
import { datedName, datedNameIn, datedShape, templateOf, withAnyDate } from './dated.ts';
import { Shape } from './shape.ts';

const NOON = Date.UTC(2026, 10, 26, 12, 30);
const DAY_MS = 86_400_000;

test.each([
  ['order-{yyyy}', 'order-{2026}', '2026'],
  ['order-{yyyyMM}', 'order-{202611}', '202611'],
  ['order-{yyyyMMdd}', 'order-{20261126}', '20261126'],
  ['{yyyyMMddHH}.order', '{2026112612}.order', '2026112612'],
])('%s is given by %s, which knows its template', (template, name, digits) => {
  expect(datedName(template, NOON)).toBe(name);
  expect(templateOf(name)).toEqual({ template, digits });
});

test('a name without a date is its own, and of no template', () => {
  for (const name of ['order', 'order-20261126', 'order-{}', 'order-{202}', 'order-{20261126120}']) {
    expect(datedName(name, NOON)).toBe(name);
    expect(templateOf(name)).toBeUndefined();
  }
});

test('the names of later days are higher, over the end of a month and of a year', () => {
  const names = Array.from({ length: 800 }, (_, day) => datedName('o{yyyyMMdd}', NOON + day * DAY_MS));
  expect(names.toSorted()).toEqual(names);
  expect(new Set(names).size).toBe(800);
});

describe.each([
  '{yyyyMMdd}{decimal:6}',
  'O{yyyyMMdd}-{base36}',
  '{decimal}{yyyyMMdd}',
  'O{base62:4}-{yyyyMMdd}x',
])('the shape %s', (shape) => {
  const days = Array.from({ length: 40 }, (_, day) => datedName('o{yyyyMMdd}', NOON + day * DAY_MS));

  function* texts(): Generator<readonly [name: string, number: bigint, text: string]> {
    for (const name of days) {
      const ofDay = Shape.parse(datedShape(shape, templateOf(name)?.digits ?? ''));
      for (const number of [1n, 2n, 9n, 10n, 99n, 100n, 2026n, 9_999n])
        yield [name, number, ofDay?.write(number) ?? ''];
    }
  }

  test('writes no text on two days', () => {
    const written = [...texts()].map(([, , text]) => text);
    expect(new Set(written).size).toBe(40 * 8);
  });

  test('tells the day from the text', () => {
    for (const [name, number, text] of texts()) {
      expect(datedNameIn('o{yyyyMMdd}', shape, text)).toBe(name);
      expect(Shape.parse(datedShape(shape, templateOf(name)?.digits ?? ''))?.read(text)).toBe(number);
    }
  });

  test('finds no day in a text of another kind', () => {
    for (const text of ['', 'O', 'O-', '12', 'no-day-is-in-this'])
      expect(datedNameIn('o{yyyyMMdd}', shape, text)).toBeUndefined();
  });
});

test.each([
  ['order-{yyyyMMdd}', '{yyyyMMdd}{decimal:6}', true],
  ['{yyyy}', '{opaque-base36}-{yyyy}', true],
  ['order-{yyyyMMdd}', undefined, false],
  ['order-{yyyyMMdd}', '{decimal:6}', false],
  ['order-{yyyyMMdd}', '{yyyyMM}{decimal:6}', false],
  ['order', '{yyyyMMdd}{decimal:6}', false],
  ['order-{yyyyMMdd}{yyyyMMdd}', '{yyyyMMdd}{yyyyMMdd}{decimal:6}', false],
  ['order-{20261126}', '20261126{decimal:6}', false],
  ['order-{ddMMyyyy}', '{ddMMyyyy}{decimal:6}', false],
])('of a tag %s with shape %s it is %s that it can be made', (tag, shape, isMade) => {
  expect(createTagRequest.safeParse({ tag, shape }).success).toBe(isMade);
});

test('a shape with any date in it is checked as one without', () => {
  expect(withAnyDate('O{yyyyMMdd}-{base36}')).toBe('O00000000-{base36}');
});
