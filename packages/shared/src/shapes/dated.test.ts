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

test.each([
  ['o{yyyyMMdd@Europe/Berlin}', Date.UTC(2026, 10, 25, 23), 'o{20261126@Europe/Berlin}'],
  ['o{yyyyMMdd@Europe/Berlin}', Date.UTC(2026, 6, 25, 22), 'o{20260726@Europe/Berlin}'],
  ['o{yyyyMMddHH@Asia/Kolkata}', Date.UTC(2026, 10, 25, 18, 30), 'o{2026112600@Asia/Kolkata}'],
  [
    'o{yyyy@America/Argentina/Buenos_Aires}',
    Date.UTC(2026, 0, 1, 2),
    'o{2025@America/Argentina/Buenos_Aires}',
  ],
])('a day of %s begins at midnight there', (template, beginMs, name) => {
  expect(datedName(template, beginMs)).toBe(name);
  if (!template.includes('Aires')) expect(datedName(template, beginMs - 1)).not.toBe(name);
  expect(templateOf(name)?.template).toBe(template);
});

test.each([
  ['Europe/Berlin', Date.UTC(2026, 9, 25)],
  ['America/New_York', Date.UTC(2026, 10, 1)],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 4)],
])('names never fall in %s when its clocks are set back, so no hour is begun twice', (zone, dayMs) => {
  const steps = Array.from({ length: 48 * 60 }, (_, minute) => dayMs + minute * 60_000);
  const names = steps.map((atMs) => datedName(`o{yyyyMMddHH@${zone}}`, atMs));
  expect(names.toSorted()).toEqual(names);
  expect(new Set(names).size).toBeLessThanOrEqual(48);
});

test('an hour that is skipped has no name, and the next one begins at once', () => {
  const at = (minute: number) => datedName('o{yyyyMMddHH@Europe/Berlin}', Date.UTC(2026, 2, 29, 0, minute));
  expect([at(59), at(60)]).toEqual(['o{2026032901@Europe/Berlin}', 'o{2026032903@Europe/Berlin}']);
});

test('a zone that does not exist makes no template, and more of them than are kept change nothing', () => {
  expect(datedName('o{yyyyMMdd@Nowhere/Land}', NOON)).toBe('o{yyyyMMdd@Nowhere/Land}');
  for (let n = 0; n < 150; n++) {
    const minutes = `${n}`.padStart(3, '0');
    datedName(`o{yyyyMMdd@+0${minutes[0]}${minutes.slice(1)}}`, NOON);
  }
  expect(datedName('o{yyyyMMdd@Asia/Tokyo}', NOON)).toBe('o{20261126@Asia/Tokyo}');
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
      expect(datedNameIn('o{yyyyMMdd@UTC}', shape, text)).toBe(name.replace('}', '@UTC}'));
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
  ['order-{yyyyMMdd@Europe/Berlin}', '{yyyyMMdd}{decimal:6}', true],
  ['order-{yyyyMMdd@Europe/Berlin}', '{yyyyMMdd@Europe/Berlin}{decimal:6}', false],
  ['order-{yyyyMMdd@Nowhere/Land}', '{yyyyMMdd}{decimal:6}', false],
  ['order-{20261126@Europe/Berlin}', '20261126{decimal:6}', false],
])('of a tag %s with shape %s it is %s that it can be made', (tag, shape, isMade) => {
  expect(createTagRequest.safeParse({ tag, shape }).success).toBe(isMade);
});

test('a shape with any date in it is checked as one without', () => {
  expect(withAnyDate('O{yyyyMMdd}-{base36}')).toBe('O00000000-{base36}');
});
