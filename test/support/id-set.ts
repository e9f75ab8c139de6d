/** 4 GiB of address space, which costs nothing until it is used: room for 500 million IDs. */
const MAX_BYTES = 2 ** 32;
const BYTES_PER_ID = 8;
const GROWTH_IDS = 2 ** 17;

/**
 * Checks millions of 64-bit IDs for repetition, at eight bytes each: it collects them in one buffer that
 * grows in place and sorts that buffer when asked. A `Set<bigint>` takes eight times as much and fails at
 * 16.7 million.
 */
export class IdSet {
  readonly #buffer = new ArrayBuffer(0, { maxByteLength: MAX_BYTES });
  readonly #ids = new BigUint64Array(this.#buffer);
  #size = 0;

  /** How many IDs were added, repetitions counted. */
  get size(): number {
    return this.#size;
  }

  add(id: bigint): void {
    this.#reserve(1);
    this.#ids[this.#size++] = id;
  }

  addAll(ids: BigUint64Array): void {
    this.#reserve(ids.length);
    this.#ids.set(ids, this.#size);
    this.#size += ids.length;
  }

  /** Every ID that was added more than once, each told once, in rising order; at most `limit` of them. */
  duplicates(limit = 20): bigint[] {
    const ids = new BigUint64Array(this.#buffer, 0, this.#size).sort();
    // Halves are compared as plain numbers: reading a bigint would allocate one per ID.
    const halves = new Uint32Array(this.#buffer, 0, this.#size * 2);
    const found: bigint[] = [];
    for (let index = 1; index < ids.length && found.length < limit; index++) {
      const low = index * 2;
      if (halves[low] !== halves[low - 2] || halves[low + 1] !== halves[low - 1]) continue;
      const id = ids[index] as bigint;
      if (found.at(-1) !== id) found.push(id);
    }
    return found;
  }

  #reserve(more: number): void {
    const needed = (this.#size + more) * BYTES_PER_ID;
    if (needed <= this.#buffer.byteLength) return;
    this.#buffer.resize(
      Math.min(MAX_BYTES, Math.max(needed, this.#buffer.byteLength + GROWTH_IDS * BYTES_PER_ID)),
    );
  }
}
