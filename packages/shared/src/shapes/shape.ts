import { HIGHEST_ID } from '../tag.ts';
import type { TagKeys } from './opaque-keys.ts';
import type { Permutation } from './permutation.ts';

/**
 * How a tag writes its numbers: `ORD-{base36:8}` is a prefix, a radix, a fixed width and perhaps a suffix. The digits of
 * every radix stand in bytewise order, so that texts of one width sort as their numbers do.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** What a key's version is written with. */
const DECIMAL_DIGITS = DIGITS.slice(0, 10);
const RADIXES = { decimal: 10, base36: 36, base62: 62 } as const;

/** What an agent says that it understands when it asks for a segment; tags with a shape are refused to others. */
export const SHAPES = 'shapes';

/** Characters that need no escaping in a URL, in JSON or in a line of text. */
const AROUND = '[A-Za-z0-9._~-]{0,32}';
const PATTERN = new RegExp(
  `^(${AROUND})\\{(opaque-)?(decimal|base36|base62)(?::(1?[1-9]|10|20))?\\}(${AROUND})$`,
);
/** The smallest room of an opaque shape: who sees many IDs of a smaller one has seen most of it. */
const LEAST_OPAQUE = 1_000_000n;

/** What a shape may look like, for messages. */
export const SHAPE_FORM =
  'takes prefix{radix:width}suffix such as ORD-{base36:8}: radix decimal, base36, base62 or one of these behind opaque-, width 1 to 20 or none, around it A-Z a-z 0-9 . _ ~ -, and the date of a dated tag such as {yyyyMMdd}';

/**
 * One-to-one between the numbers from 0 to `highest` and texts. An opaque one permutes the numbers first: behind its
 * prefix stands the version of the key as a digit, so that two keys never write one text, and then the permuted number
 * with a fixed width.
 */
export class Shape {
  /** As it was given; two shapes with equal texts are equal. */
  readonly text: string;
  readonly isOpaque: boolean;
  /** The highest number that it can write; without a width, the highest of all. */
  readonly highest: bigint;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #radix: number;
  /** 0 where texts are as long as their number needs. */
  readonly #width: number;
  readonly #keys: TagKeys | undefined;

  private constructor(text: string, parts: readonly (string | undefined)[], keys: TagKeys | undefined) {
    const [prefix = '', opaque, name = '', width, suffix = ''] = parts;
    this.text = text;
    this.isOpaque = opaque !== undefined;
    this.#prefix = prefix;
    this.#suffix = suffix;
    this.#radix = RADIXES[name as keyof typeof RADIXES];
    this.#width = Number(width ?? (this.isOpaque ? digits(HIGHEST_ID, this.#radix).length : 0));
    this.#keys = keys;
    const room = BigInt(this.#radix) ** BigInt(this.#width) - 1n;
    this.highest = this.#width === 0 || room > HIGHEST_ID ? HIGHEST_ID : room;
  }

  /**
   * Undefined where the text is no shape; bare decimal digits are none, but what a tag without one has. `keys`: of the
   * tag; without them an opaque shape neither writes nor reads.
   */
  static parse(text: string, keys?: TagKeys): Shape | undefined {
    const parts = PATTERN.exec(text)?.slice(1);
    if (parts === undefined || text === '{decimal}') return undefined;
    const shape = new Shape(text, parts, keys);
    return shape.isOpaque && shape.highest < LEAST_OPAQUE - 1n ? undefined : shape;
  }

  /** False for an opaque shape without a key. */
  get canWrite(): boolean {
    return !this.isOpaque || this.#keys !== undefined;
  }

  /** @throws RangeError below 0 and above `highest`: a longer text might be another number's; where the key is missing */
  write(number: bigint): string {
    if (number < 0n || number > this.highest) throw new RangeError(`${this.text} cannot write ${number}`);
    if (!this.isOpaque) return this.#around(digits(number, this.#radix));
    const version = this.#keys?.newest;
    const permutation = version === undefined ? undefined : this.#permutation(version);
    if (permutation === undefined) throw new RangeError(`${this.text} has no key`);
    return this.#around(digits(permutation.apply(number), this.#radix), String(version));
  }

  /** The number whose text this is; undefined for what `write` would not have written, with any of the keys. */
  read(text: string): bigint | undefined {
    const end = text.length - this.#suffix.length;
    const begin = this.#prefix.length + (this.isOpaque ? 1 : 0);
    if (end <= begin || end - begin > 20) return undefined;
    let number = 0n;
    for (const digit of text.slice(begin, end)) {
      const value = DIGITS.indexOf(digit);
      if (value < 0 || value >= this.#radix) return undefined;
      number = number * BigInt(this.#radix) + BigInt(value);
    }
    if (number > this.highest) return undefined;
    const version = this.isOpaque ? text[begin - 1] : undefined;
    if (this.#around(digits(number, this.#radix), version) !== text) return undefined;
    return version === undefined ? number : this.#permutation(Number(version))?.invert(number);
  }

  /**
   * The form of its texts of one length: which characters may stand at each place. Every text that it writes, with whatever
   * key, has the form; it writes all of the form, apart from numbers above `highest`. Undefined where it writes none.
   */
  form(length: number): readonly string[] | undefined {
    const all = DIGITS.slice(0, this.#radix);
    const version = this.isOpaque ? [DECIMAL_DIGITS] : [];
    const count = length - this.#prefix.length - version.length - this.#suffix.length;
    const highest = digits(this.highest, this.#radix);
    if (this.#width > 0 ? count !== this.#width : count < 1 || count > highest.length) return undefined;
    const most = count < highest.length ? all.slice(-1).repeat(count) : highest.padStart(count, '0');
    const first = most.search(/[^0]/);
    // Without a width only the number 0 begins with a 0.
    const lowest = this.#width === 0 && count > 1 ? 1 : 0;
    const places = Array.from(most, (digit, at) =>
      at < first ? '0' : at > first ? all : all.slice(lowest, all.indexOf(digit) + 1),
    );
    return [...this.#prefix, ...version, ...places, ...this.#suffix];
  }

  #permutation(version: number): Permutation | undefined {
    return this.#keys?.permutation(version, this.highest + 1n);
  }

  #around(written: string, version = ''): string {
    return `${this.#prefix}${version}${written.padStart(this.#width, '0')}${this.#suffix}`;
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
