import { HIGHEST_ID } from './tag.ts';

/**
 * How a tag writes its numbers: `ORD-{base36:8}` is a prefix, a radix, a fixed width and perhaps a suffix. The digits of
 * every radix stand in bytewise order, so that texts of one width sort as their numbers do.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RADIXES = { decimal: 10, base36: 36, base62: 62 } as const;

/** What an agent says that it understands when it asks for a segment; tags with a shape are refused to others. */
export const SHAPES = 'shapes';

/** Characters that need no escaping in a URL, in JSON or in a line of text. */
const AROUND = '[A-Za-z0-9._~-]{0,32}';
const PATTERN = new RegExp(`^(${AROUND})\\{(decimal|base36|base62)(?::(1?[1-9]|10|20))?\\}(${AROUND})$`);

/** What a shape may look like, for messages. */
export const SHAPE_FORM =
  'takes prefix{radix:width}suffix such as ORD-{base36:8}: radix decimal, base36 or base62, width 1 to 20 or none, around it A-Z a-z 0-9 . _ ~ -';

/** One-to-one between the numbers from 0 to `highest` and texts. */
export class Shape {
  /** As it was given; two shapes with equal texts are equal. */
  readonly text: string;
  /** The highest number that it can write; without a width, the highest of all. */
  readonly highest: bigint;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #radix: number;
  /** 0 where texts are as long as their number needs. */
  readonly #width: number;

  private constructor(text: string, [prefix = '', name = '', width = '0', suffix = '']: readonly string[]) {
    this.text = text;
    this.#prefix = prefix;
    this.#suffix = suffix;
    this.#radix = RADIXES[name as keyof typeof RADIXES];
    this.#width = Number(width);
    const room = BigInt(this.#radix) ** BigInt(this.#width) - 1n;
    this.highest = this.#width === 0 || room > HIGHEST_ID ? HIGHEST_ID : room;
  }

  /** Undefined where the text is no shape; bare decimal digits are none, but what a tag without one has. */
  static parse(text: string): Shape | undefined {
    const parts = PATTERN.exec(text)?.slice(1);
    return parts === undefined || text === '{decimal}' ? undefined : new Shape(text, parts);
  }

  /** @throws RangeError below 0 and above `highest`: a longer text might be another number's */
  write(number: bigint): string {
    if (number < 0n || number > this.highest) throw new RangeError(`${this.text} cannot write ${number}`);
    return `${this.#prefix}${digits(number, this.#radix).padStart(this.#width, '0')}${this.#suffix}`;
  }

  /** The number whose text this is; undefined for what `write` would not have written. */
  read(text: string): bigint | undefined {
    const end = text.length - this.#suffix.length;
    if (end <= this.#prefix.length || end - this.#prefix.length > 20) return undefined;
    let number = 0n;
    for (const digit of text.slice(this.#prefix.length, end)) {
      const value = DIGITS.indexOf(digit);
      if (value < 0 || value >= this.#radix) return undefined;
      number = number * BigInt(this.#radix) + BigInt(value);
    }
    return number <= this.highest && this.write(number) === text ? number : undefined;
  }
}

function digits(number: bigint, radix: number): string {
  if (radix <= 36) return number.toString(radix).toUpperCase();
  let text = '';
  let rest = number;
  do {
    text = DIGITS[Number(rest % BigInt(radix))] + text;
    rest /= BigInt(radix);
  } while (rest > 0n);
  return text;
}
