import { z } from 'zod';
import { NumberRange } from './number-range.ts';
import { renderNumber } from './render-value.ts';
import { kind } from './setting.ts';

/** The highest ID there is: the end of a segment is exclusive and stands in a signed 64-bit column. */
const HIGHEST_ID = 2n ** 63n - 2n;

interface Bounds<N> {
  readonly min?: N;
  readonly max?: N;
  /** Last word of the key as well: `ttlMs` has unit `ms`. */
  readonly unit?: string;
}

type RangeBounds = Omit<Bounds<number>, 'unit'>;

/** A whole number that a double holds exactly. `10_000` is accepted. */
export const int = kind((bounds: Bounds<number>) => ({
  schema: z.preprocess(
    toInteger,
    z
      .int()
      .min(bounds.min ?? Number.MIN_SAFE_INTEGER)
      .max(bounds.max ?? Number.MAX_SAFE_INTEGER),
  ),
  takes: `a whole number${inWords(bounds)}`,
  placeholder: bounds.unit ?? 'number',
}));

/** A whole number as large as an ID: from 0 to 2^63 − 2 unless bounded further. `10_000` is accepted. */
export const bigInteger = kind(({ min = 0n, max = HIGHEST_ID, unit }: Bounds<bigint>) => ({
  schema: z.preprocess((given) => toWhole(given) ?? given, z.bigint().min(min).max(max)),
  takes: `a whole number${inWords({ min, max })}`,
  placeholder: unit ?? 'number',
}));

/** A number that may have a fraction. */
export const number = kind((bounds: Bounds<number>) => ({
  schema: z.preprocess(
    toNumber,
    z
      .number()
      .min(bounds.min ?? -Number.MAX_VALUE)
      .max(bounds.max ?? Number.MAX_VALUE),
  ),
  takes: `a number${inWords(bounds)}`,
  placeholder: bounds.unit ?? 'number',
}));

/** A share of a whole: a number from 0 to 1 unless bounded further. */
export const ratio = kind(({ min = 0, max = 1 }: RangeBounds) => ({
  schema: z.preprocess(toNumber, z.number().min(min).max(max)),
  takes: `a number${inWords({ min, max })}`,
  placeholder: 'ratio',
}));

/** Whole numbers from first to last, both within `min` (default 0) and `max`. */
export const range = kind(({ min = 0, max = Number.MAX_SAFE_INTEGER }: RangeBounds) => ({
  schema: z.preprocess(
    (given) => (typeof given === 'string' ? NumberRange.parse(given.trim()) : given),
    z.instanceof(NumberRange).refine(({ first, last }) => first >= min && last <= max),
  ),
  takes: `a range as first-last${inWords({ min, max })}, for example ${new NumberRange(min, Math.min(max, min + 99))}`,
  placeholder: 'first-last',
}));

function inWords({ min, max }: Bounds<number | bigint>): string {
  if (min !== undefined && max !== undefined) return ` from ${renderNumber(min)} to ${renderNumber(max)}`;
  if (min !== undefined) return `, ${renderNumber(min)} or more`;
  return max === undefined ? '' : `, ${renderNumber(max)} or less`;
}

/** YAML gives whole numbers as bigints, so that an ID keeps all its digits. */
function toWhole(given: unknown): bigint | undefined {
  if (typeof given === 'bigint') return given;
  const plain = typeof given === 'string' ? given.trim() : '';
  return /^-?\d+(?:_\d+)*$/.test(plain) ? BigInt(plain.replaceAll('_', '')) : undefined;
}

function toInteger(given: unknown): unknown {
  const whole = toWhole(given);
  return whole === undefined ? given : Number(whole);
}

function toNumber(given: unknown): unknown {
  const isDecimal = typeof given === 'string' && /^-?\d*\.?\d+(?:e-?\d+)?$/i.test(given.trim());
  return isDecimal ? Number(given) : toInteger(given);
}
