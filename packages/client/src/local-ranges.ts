import type { IdRange } from './id-source.ts';

/** How many digits are counted: integers this small are the fastest to turn into text. */
const LOW_DIGITS = 9;
const LOW = 10n ** BigInt(LOW_DIGITS);

/** The last three digits of an ID: one concatenation writes it as long as the digits before them stay the same. */
const LAST_DIGITS = Array.from({ length: 1_000 }, (_, last) => String(last).padStart(3, '0'));

const NO_THOUSAND = -1_000;

/** A range cut so that its IDs share all but their last nine digits. Counting then needs no bigint. */
interface Piece {
  readonly start: bigint;
  readonly size: number;
  /** The last nine digits of `start`. */
  readonly low: number;
  /** The digits before them; empty if there are none. */
  readonly high: string;
}

const NOTHING: Piece = { start: 0n, size: 0, low: 0, high: '' };
/** Shared by all who hold no more than one piece, as most tags do for as long as they are idle. */
const NO_PIECES: readonly Piece[] = [];

/**
 * The IDs that this process holds. Empty at first and whenever all were taken; `add` fills it. IDs come out in rising
 * order: a range that does not lie above everything ever added is refused.
 */
export class LocalRanges {
  #piece = NOTHING;
  #used = 0;
  /** The first number of the thousand that `#head` has the digits of; far off if there is none. */
  #thousand = NO_THOUSAND;
  #head = '';
  #later = NO_PIECES;
  /** IDs in `#later`. */
  #laterIds = 0;
  #highest = 0n;

  /** How many IDs are left. */
  get left(): number {
    return this.#piece.size - this.#used + this.#laterIds;
  }

  /** The next ID; undefined if none is left. */
  next(): bigint | undefined {
    if (this.#used === this.#piece.size && !this.#advance()) return undefined;
    return this.#piece.start + BigInt(this.#used++);
  }

  /** The next ID in decimal digits; undefined if none is left. */
  nextString(): string | undefined {
    if (this.#used === this.#piece.size && !this.#advance()) return undefined;
    const number = this.#piece.low + this.#used++;
    if (number - this.#thousand >= 1_000) this.#begin(Math.floor(number / 1_000));
    return this.#head === '' ? String(number) : this.#head + LAST_DIGITS[number - this.#thousand];
  }

  #begin(thousand: number): void {
    const { high } = this.#piece;
    this.#thousand = 1_000 * thousand;
    this.#head =
      high !== ''
        ? high + String(thousand).padStart(LOW_DIGITS - 3, '0')
        : thousand === 0
          ? ''
          : String(thousand);
  }

  /** Takes a range in; false if it does not lie above everything ever added, because it could then repeat or fall. */
  add({ start, end }: IdRange): boolean {
    if (start < this.#highest) return false;
    this.#highest = end;
    for (let from = start; from < end; ) {
      const boundary = (from / LOW + 1n) * LOW;
      const to = boundary < end ? boundary : end;
      const high = from / LOW;
      const size = Number(to - from);
      const piece = { start: from, size, low: Number(from % LOW), high: high === 0n ? '' : String(high) };
      // Not by `push`, which takes room for 16 more, for as long as a tag may be idle.
      this.#later = this.#later.concat(piece);
      this.#laterIds += size;
      from = to;
    }
    return true;
  }

  /** Forgets what is left and tells how many IDs that were. */
  drop(): number {
    const { left } = this;
    this.#piece = NOTHING;
    this.#thousand = NO_THOUSAND;
    this.#used = 0;
    this.#later = NO_PIECES;
    this.#laterIds = 0;
    return left;
  }

  #advance(): boolean {
    const [piece] = this.#later;
    if (piece === undefined) return false;
    this.#later = this.#later.length === 1 ? NO_PIECES : this.#later.slice(1);
    this.#piece = piece;
    this.#thousand = NO_THOUSAND;
    this.#used = 0;
    this.#laterIds -= piece.size;
    return true;
  }
}
