/** The digits of every radix, in bytewise order. */
export const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export type Radix = 10 | 36 | 62;

const CODES = Buffer.from(DIGITS);
const ZERO = CODES[0];
/** How many digits one division takes off: what they hold is below 2^21, so a Number holds every remainder exactly. */
const AT_ONCE = { 10: 6, 36: 4, 62: 3 } as const;
/** 2^64 has 20 decimal digits, and the last division may write up to five zeros before them. */
const LONGEST = 26;
const scratch = Buffer.alloc(LONGEST);

/**
 * A number in digits. `high` and `low`: its 32-bit words; `width`: 1 to 20, how many digits it has at least, with zeros
 * in front.
 */
export function digits(high: number, low: number, radix: Radix, width: number): string {
  const atOnce = AT_ONCE[radix];
  const divisor = radix ** atOnce;
  let at = LONGEST;
  for (let [upper, lower] = [high, low]; upper > 0 || lower > 0; ) {
    const rest = (upper % divisor) * 2 ** 32 + lower;
    let part = rest % divisor;
    upper = Math.floor(upper / divisor);
    lower = (rest - part) / divisor;
    for (let digit = 0; digit < atOnce; digit++) {
      const above = Math.floor(part / radix);
      scratch[--at] = CODES[part - above * radix] as number;
      part = above;
    }
  }
  const mostAt = LONGEST - width;
  while (at < mostAt && scratch[at] === ZERO) at += 1;
  if (at > mostAt) scratch.fill('0', mostAt, at);
  return scratch.toString('latin1', Math.min(at, mostAt));
}

const TWO_DIGITS = new Map<Radix, readonly string[]>();

/** All texts of two digits, in the order of their numbers. */
export function twoDigits(radix: Radix): readonly string[] {
  const known = TWO_DIGITS.get(radix);
  if (known !== undefined) return known;
  const all = DIGITS.slice(0, radix).split('');
  const texts = all.flatMap((high) => all.map((low) => high + low));
  TWO_DIGITS.set(radix, texts);
  return texts;
}
