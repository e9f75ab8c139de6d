import { HIGHEST_ID } from '../tag.ts';
import { DIGITS, digits, type Radix, twoDigits } from './digits.ts';
import type { TagKeys } from './opaque-keys.ts';
import type { Permutation, WordPairs } from './permutation.ts';

/**
 * How a tag writes its numbers. `ORD-{base36:8}` is a prefix, a radix, a fixed width and perhaps a suffix. The digits
 * of every radix are in bytewise order, so texts of one width sort as their numbers do.
 */

/** The digits that write a key's version. */
const DECIMAL_DIGITS = DIGITS.slice(0, 10);
const RADIXES = { decimal: 10, base36: 36, base62: 62 } as const satisfies Record<string, Radix>;

/** What an agent says it understands when it asks for a segment. Others are refused tags with a shape. */
export const SHAPES = 'shapes';

/** Characters that need no escaping in a URL, in JSON or in a line of text. */
const AROUND = '[A-Za-z0-9._~-]{0,32}';
const PATTERN = new RegExp(
  `^(${AROUND})\\{(opaque-)?(decimal|base36|base62)(?::(1?[1-9]|10|20))?\\}(${AROUND})$`,
);
/** The fewest numbers that an opaque shape may have: in a smaller one, many visible IDs would reveal most of it. */
const LEAST_OPAQUE = 1_000_000n;

/** What a shape may look like, for messages. */
export const SHAPE_FORM =
  'must be prefix{radix:width}suffix such as ORD-{base36:8}. The radix is decimal, base36 or base62, or opaque- and one of these. The width is 1 to 20, or is left out. Prefix and suffix have A-Z a-z 0-9 . _ ~ -, and of a dated tag the date, such as {yyyyMMdd}';

/** How many opaque texts are prepared ahead at most: 8 bytes each. */
const LONGEST_RUN = 1_024;

/** Numbers whose texts are cheap to write now: `length` of them from `first` on. */
interface Run {
  readonly first: bigint;
  readonly firstNumber: number;
  readonly length: number;
  /** The text of the number `first + at`. */
  text(at: number): string;
}

const NOTHING_WRITTEN: Run = { first: -1n, firstNumber: -1, length: 0, text: () => '' };

/** Texts that differ only in their last two digits. */
class PlainRun implements Run {
  readonly first: bigint;
  readonly firstNumber: number;
  readonly #before: string;
  readonly #digits: readonly string[];
  readonly #suffix: string;

  constructor(first: bigint, before: string, digits: readonly string[], suffix: string) {
    this.first = first;
    this.firstNumber = Number(first);
    this.#before = before;
    this.#digits = digits;
    this.#suffix = suffix;
  }

  get length(): number {
    return this.#digits.length;
  }

  text(at: number): string {
    return this.#before + this.#digits[at] + this.#suffix;
  }
}

/** Numbers that went through the permutation together. */
class OpaqueRun implements Run {
  readonly first: bigint;
  readonly firstNumber: number;
  readonly #words: WordPairs;
  readonly #write: (high: number, low: number) => string;

  constructor(first: bigint, words: WordPairs, write: (high: number, low: number) => string) {
    this.first = first;
    this.firstNumber = Number(first);
    this.#words = words;
    this.#write = write;
  }

  get length(): number {
    return this.#words.low.length;
  }

  text(at: number): string {
    const { high, low } = this.#words;
    return this.#write(high[at] ?? 0, low[at] ?? 0);
  }
}

/**
 * A one-to-one mapping between the numbers from 0 to `highest` and texts. An opaque shape permutes the numbers first.
 * After its prefix comes the version of the key as a digit, so that two keys never write the same text, and then the
 * permuted number with a fixed width.
 */
export class Shape {
  /** As it was given; two shapes with equal texts are equal. */
  readonly text: string;
  readonly isOpaque: boolean;
  /** The highest number that it can write; without a width, the highest of all IDs. */
  readonly highest: bigint;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #radix: Radix;
  /** 0 if texts are as long as their numbers need. */
  readonly #width: number;
  readonly #keys: TagKeys | undefined;
  #run: Run = NOTHING_WRITTEN;

  private constructor(text: string, parts: readonly (string | undefined)[], keys: TagKeys | undefined) {
    const [prefix = '', opaque, name = '', width, suffix = ''] = parts;
    this.text = text;
    this.isOpaque = opaque !== undefined;
    this.#prefix = prefix;
    this.#suffix = suffix;
    this.#radix = RADIXES[name as keyof typeof RADIXES];
    this.#width = Number(width ?? (this.isOpaque ? digitsOf(HIGHEST_ID, this.#radix).length : 0));
    this.#keys = keys;
    const room = BigInt(this.#radix) ** BigInt(this.#width) - 1n;
    this.highest = this.#width === 0 || room > HIGHEST_ID ? HIGHEST_ID : room;
  }

  /**
   * Undefined if the text is not a shape. Bare decimal digits are not one: that is what a tag without a shape writes.
   * `keys`: the tag's; without them an opaque shape neither writes nor reads.
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

  /**
   * Numbers that follow each other are written fastest.
   *
   * @throws RangeError below 0, above `highest` (a longer text might be another number's), or if the key is missing
   */
  write(number: number | bigint): string {
    const { first, firstNumber, length } = this.#run;
    const at = typeof number === 'bigint' ? Number(number - first) : number - firstNumber;
    return at >>> 0 === at && at < length ? this.#run.text(at) : this.#writeFirst(BigInt(number));
  }

  /** Writes a number that is not in the run, and begins a run with it if there may be one. */
  #writeFirst(number: bigint): string {
    if (number < 0n || number > this.highest) throw new RangeError(`${this.text} cannot write ${number}`);
    if (this.isOpaque) {
      this.#run = this.#opaqueRun(number);
      return this.#run.text(0);
    }
    const count = BigInt(this.#radix ** 2);
    const head = number / count;
    // The last two digits are not always two if a text is as long as its number needs.
    if (this.#width === 1 || (this.#width === 0 && head === 0n)) return this.#around(this.#digits(number));
    const upper = this.#width === 2 ? '' : digitsOf(head, this.#radix, Math.max(this.#width - 2, 1));
    this.#run = new PlainRun(head * count, this.#prefix + upper, twoDigits(this.#radix), this.#suffix);
    return this.write(number);
  }

  /** From `number` on, longer and longer as long as each begins after the end of the last one. */
  #opaqueRun(number: bigint): Run {
    const version = this.#keys?.newest;
    const permutation = version === undefined ? undefined : this.#permutation(version);
    if (permutation === undefined) throw new RangeError(`${this.text} has no key`);
    const { first, length } = this.#run;
    const wanted = number === first + BigInt(length) ? Math.min(2 * length, LONGEST_RUN) : 1;
    const left = this.highest - number + 1n;
    const words = permutation.applyRun(number, left < wanted ? Number(left) : wanted);
    const write = (high: number, low: number) =>
      this.#around(digits(high, low, this.#radix, this.#width), `${version}`);
    return new OpaqueRun(number, words, write);
  }

  /** The number that this text stands for; undefined if `write` would not have written it with any of the keys. */
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
    if (this.#around(this.#digits(number), version) !== text) return undefined;
    return version === undefined ? number : this.#permutation(Number(version))?.invert(number);
  }

  /**
   * The form of its texts of one length: which characters may stand at each place. Every text that it writes, with
   * any key, has this form. It writes every text of the form, apart from numbers above `highest`. Undefined if it
   * writes no text of this length.
   */
  form(length: number): readonly string[] | undefined {
    const all = DIGITS.slice(0, this.#radix);
    const version = this.isOpaque ? [DECIMAL_DIGITS] : [];
    const count = length - this.#prefix.length - version.length - this.#suffix.length;
    const highest = digitsOf(this.highest, this.#radix);
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

  #digits(number: bigint): string {
    return digitsOf(number, this.#radix, Math.max(this.#width, 1));
  }

  #around(written: string, version = ''): string {
    return `${this.#prefix}${version}${written}${this.#suffix}`;
  }
}

function digitsOf(number: bigint, radix: Radix, width = 1): string {
  return digits(Number(number >> 32n), Number(number & 0xffff_ffffn), radix, width);
}
