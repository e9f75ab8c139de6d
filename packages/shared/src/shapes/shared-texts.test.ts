import { describe, expect, test } from '@jest/globals';
import { datedShape, dateToken } from './dated.ts';
import { OpaqueKeys } from './opaque-keys.ts';
import { Shape } from './shape.ts';
import { canShareTexts } from './shared-texts.ts';

const KEYS = new OpaqueKeys(
  Array.from({ length: 10 }, (_, version) => `${version}=a-key-that-is-long-enough-to-count`),
);
const DATES = { '{yyyy}': '2026', '{yyyyMMdd}': '20261129' } as const;

/** The shape as the tag of a day has it, with a key of every version. */
function parse(text: string, tag = 'a'): Shape | undefined {
  const digits = DATES[dateToken(text) as keyof typeof DATES] ?? '';
  return Shape.parse(datedShape(text, digits), KEYS.forTag(tag));
}

/** Whole numbers from 0 to below `below`, the same ones in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Dice = ReturnType<typeof dice>;
const oneOf = <T>(roll: Dice, list: readonly T[]): T => list[roll(list.length)] as T;

/** Short prefixes and suffixes of few characters, so that texts often meet. */
function randomShape(roll: Dice, widths: readonly string[], kinds: readonly string[]): string {
  const around = () => oneOf(roll, ['', '', '0', '1', 'A', 'a', '-', '1A', '00']);
  const date = () => (roll(8) === 0 ? oneOf(roll, Object.keys(DATES)) : '');
  const digits = `{${oneOf(roll, kinds)}${oneOf(roll, widths)}}`;
  return roll(2) === 0
    ? `${around()}${date()}${digits}${around()}`
    : `${around()}${digits}${date()}${around()}`;
}

const RADIXES = ['decimal', 'base36', 'base62'];
const OPAQUE = RADIXES.map((radix) => `opaque-${radix}`);

/** A shape with little room, and any other shape; `meet`: some text of the first is also one of the second. */
function* smallPairs(count: number): Generator<{ one: string; other: string; meet: boolean }> {
  const roll = dice(17);
  for (let made = 0; made < count; ) {
    const one = randomShape(roll, [':1', ':2'], RADIXES);
    const other = randomShape(roll, ['', ':1', ':2', ':3', ':4', ':12'], RADIXES);
    const [small, any] = [parse(one), parse(other)];
    if (small === undefined || any === undefined) continue;
    made++;
    let meet = false;
    for (let number = 0n; number <= small.highest && !meet; number++)
      meet = any.read(small.write(number)) !== undefined;
    yield { one, other, meet };
  }
}

/** Pairs of shapes that share a text: one writes it, the other reads it. */
function* meetingPairs(count: number): Generator<{ one: string; other: string; text: string }> {
  const roll = dice(23);
  for (let made = 0; made < count; ) {
    const widths = ['', ':1', ':4', ':9', ':10', ':13', ':19', ':20'];
    const one = randomShape(roll, widths, [...RADIXES, ...OPAQUE]);
    const writer = parse(one);
    if (writer === undefined) continue;
    const bits = BigInt(1 + roll(63));
    const number = (BigInt(roll(2 ** 32)) * BigInt(roll(2 ** 31))) & (2n ** bits - 1n);
    if (number > writer.highest) continue;
    const text = writer.write(number);
    const other = readerOf(text, roll);
    if (parse(other, 'b')?.read(text) === undefined) continue;
    made++;
    yield { one, other, text };
  }
}

/** Some shape that may read the text: part of it taken as digits, perhaps a date in it as a date. */
function readerOf(text: string, roll: Dice): string {
  const [begin, end] = [roll(text.length), roll(text.length) + 1];
  const kind = oneOf(roll, [...RADIXES, ...OPAQUE]);
  const isOpaque = kind.startsWith('opaque-');
  const width = end - begin - (isOpaque ? 1 : 0);
  const [prefix, suffix] = [text.slice(0, begin), text.slice(end)];
  const digits = `{${kind}${roll(3) === 0 && !isOpaque ? '' : `:${width}`}}`;
  const [token, date] = oneOf(roll, Object.entries(DATES));
  return roll(2) === 0
    ? `${prefix}${digits}${suffix}`
    : prefix.includes(date)
      ? `${prefix.replace(date, token)}${digits}${suffix}`
      : `${prefix}${digits}${suffix.replace(date, token)}`;
}

const SMALL = [...smallPairs(700)];
const MEETING = [...SMALL.filter(({ meet }) => meet), ...meetingPairs(500)];

/** Pairs that do share a text although `decide` says that they cannot. */
function missed(decide: typeof canShareTexts): string[] {
  return MEETING.filter(({ one, other }) => !decide(one)(other) || !decide(other)(one)).map(
    ({ one, other }) => `${one} and ${other}`,
  );
}

describe('whether two shapes can write one text', () => {
  test.each([
    ['X{decimal}', 'X{decimal}', true],
    ['X{decimal}', 'Y{decimal}', false],
    ['X{decimal}', 'X{decimal}-b', false],
    ['X{decimal}', 'X1{decimal:3}', true],
    ['X{decimal}', 'X0{decimal:3}', false],
    ['{decimal:8}', '{base36:8}', true],
    ['{decimal:8}', '{decimal:9}', false],
    ['{decimal:8}', '{decimal:7}-', false],
    ['ORD-{base36:8}', 'ord-{base36:8}', false],
    ['ORD-{base36:8}', '{base62:12}', false],
    ['ORD{base36:8}', '{base62:11}', false],
    ['0RD{base36:8}', '{base62:11}', true],
    ['ORD-{opaque-base36}', 'ORD-{opaque-base36}', true],
    ['ORD-{opaque-base36}', 'ORD-{base36:14}', true],
    ['ORD-{opaque-base36}', 'ORD-{base36:13}', false],
    ['ORD-{opaque-base36}', 'ORD-A{base36:13}', false],
    ['{yyyyMMdd}{decimal:6}', '{yyyyMMdd}{decimal:6}', true],
    ['{yyyyMMdd}{decimal:6}', '{decimal:14}', true],
    ['{yyyyMMdd}{decimal:6}', '{decimal:6}{yyyyMMdd}', true],
    ['{yyyyMMdd}{decimal:6}', '{yyyy}-{decimal:9}', false],
    ['A{yyyyMMdd}{decimal:6}', 'B{yyyyMMdd}{decimal:6}', false],
  ])('%s and %s: %s', (one, other, can) => {
    expect(canShareTexts(one)(other)).toBe(can);
    expect(canShareTexts(other)(one)).toBe(can);
  });

  test('is yes for a shape of a later release, which cannot be read here', () => {
    expect(canShareTexts('X{decimal}')('Y{base58:8}')).toBe(true);
    expect(canShareTexts('Y{base58:8}')('X{decimal}')).toBe(true);
  });

  test('is never no for two that do write one', () => {
    expect(missed(canShareTexts)).toEqual([]);
  });

  test.each<[string, typeof canShareTexts]>([
    ['only equal shapes can', (one) => (other) => one === other],
    ['only those with equal prefixes can', (one) => (other) => one.split('{')[0] === other.split('{')[0]],
    ['a date is any one date', (one) => canShareTexts(one.replaceAll(/\{yyyy(MMdd)?\}/g, '2026'))],
    ['an opaque one writes its digits alone', (one) => canShareTexts(one.replace('opaque-', ''))],
  ])('NEGATIVE CONTROL: that %s is found to be wrong', (_, decide) => {
    expect(missed(decide).length).toBeGreaterThan(10);
  });

  test('is seldom yes without need: one in a thousand of small shapes', () => {
    const apart = SMALL.filter(({ one, other, meet }) => !meet && dateToken(one + other) === undefined);
    const needless = apart.filter(({ one, other }) => canShareTexts(one)(other));
    expect(apart.length).toBeGreaterThan(350);
    expect(needless.length).toBeLessThanOrEqual(1);
  });
});
