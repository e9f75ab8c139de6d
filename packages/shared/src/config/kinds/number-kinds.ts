import { z } from 'zod';
import { renderNumber } from '../output/render-value.ts';
import { kind } from '../setting.ts';
import { NumberRange } from './number-range.ts';

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** Also the last word of the key: `ttlMs` has unit `ms`. */
  readonly unit?: string;
}

type RangeBounds = Omit<Bounds, 'unit'>;

/** A whole number that a double holds exactly. `10_000` is accepted. */
export const int = kind((bounds: Bounds) => ({
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

function inWords({ min, max }: RangeBounds): string {
  if (min !== undefined && max !== undefined) return ` from ${renderNumber(min)} to ${renderNumber(max)}`;
  if (min !== undefined) return `, ${renderNumber(min)} or more`;
  return max === undefined ? '' : `, ${renderNumber(max)} or less`;
}

/** YAML gives whole numbers as bigints, so one that is too large is refused and not rounded. */
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
