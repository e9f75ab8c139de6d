/** 4 GiB of address space, which costs nothing until it is used: room for 500 million IDs. */
const MAX_BYTES = 2 ** 32;
const STEP_BYTES = 2 ** 20;

/** A buffer that grows in place, so that arrays over it never move and nothing is copied. */
function growingBuffer(): ArrayBuffer {
  return new ArrayBuffer(0, { maxByteLength: MAX_BYTES });
}

/** Makes room for `needed` bytes. */
function reserve(buffer: ArrayBuffer, needed: number): void {
  if (needed <= buffer.byteLength) return;
  buffer.resize(Math.min(MAX_BYTES, Math.max(needed, buffer.byteLength + STEP_BYTES)));
}

/** Rows of numbers, all of the same width: they take a tenth of the memory of as many objects. */
export class NumberRows {
  readonly #width: number;
  readonly #buffer = growingBuffer();
  readonly #cells = new Float64Array(this.#buffer);
  #size = 0;

  constructor(width: number) {
    this.#width = width;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the row's number. */
  add(...cells: readonly number[]): number {
    const from = this.#size * this.#width;
    reserve(this.#buffer, (from + this.#width) * Float64Array.BYTES_PER_ELEMENT);
    for (let column = 0; column < this.#width; column++) this.#cells[from + column] = cells[column] ?? 0;
    return this.#size++;
  }

  get(row: number, column: number): number {
    if (row >= this.#size) throw new RangeError(`there is no row ${row}`);
    return this.#cells[row * this.#width + column] ?? 0;
  }

  set(row: number, column: number, value: number): void {
    if (row >= this.#size) throw new RangeError(`there is no row ${row}`);
    this.#cells[row * this.#width + column] = value;
  }

  /** Row numbers in rising order of one column; equal ones stay in order. */
  sortedBy(column: number): Uint32Array {
    const cell = (row: number) => this.#cells[row * this.#width + column] ?? 0;
    return Uint32Array.from({ length: this.#size }, (_, row) => row).sort((a, b) => cell(a) - cell(b));
  }
}

/** 64-bit IDs at eight bytes each. */
export class GrowingIds {
  readonly #buffer = growingBuffer();
  readonly #ids = new BigUint64Array(this.#buffer);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: bigint): void {
    reserve(this.#buffer, (this.#size + 1) * BigUint64Array.BYTES_PER_ELEMENT);
    this.#ids[this.#size++] = id;
  }

  addAll(ids: ArrayLike<bigint>): void {
    reserve(this.#buffer, (this.#size + ids.length) * BigUint64Array.BYTES_PER_ELEMENT);
    this.#ids.set(ids, this.#size);
    this.#size += ids.length;
  }

  at(index: number): bigint {
    if (index >= this.#size) throw new RangeError(`there is no ID ${index}`);
    return this.#ids[index] ?? 0n;
  }

  /** A view, not a copy: it shows `[from, to)` as long as the IDs live. */
  view(from = 0, to = this.#size): BigUint64Array {
    return new BigUint64Array(this.#buffer, from * BigUint64Array.BYTES_PER_ELEMENT, to - from);
  }
}
