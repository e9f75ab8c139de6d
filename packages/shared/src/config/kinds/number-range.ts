/** Whole numbers from `first` to `last`, both included. Immutable. */
export class NumberRange {
  readonly first: number;
  readonly last: number;

  constructor(first: number, last: number) {
    this.first = first;
    this.last = last;
    Object.freeze(this);
  }

  /** Reads `0-1023`; undefined if it is not a range of safe integers or runs backwards. */
  static parse(text: string): NumberRange | undefined {
    const match = /^(\d+)\s*-\s*(\d+)$/.exec(text);
    const range = match && new NumberRange(Number(match[1]), Number(match[2]));
    return range && range.first <= range.last && Number.isSafeInteger(range.last) ? range : undefined;
  }

  /** The form that {@link NumberRange.parse} reads. */
  toString(): string {
    return `${this.first}-${this.last}`;
  }
}
