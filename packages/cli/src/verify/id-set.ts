import { GrowingIds } from './growing.ts';

/**
 * Checks millions of 64-bit IDs for repetition, at eight bytes each: it collects them in one buffer that
 * grows in place and sorts that buffer when asked. A `Set<bigint>` takes eight times as much and fails at
 * 16.7 million.
 */
export class IdSet {
  readonly #ids = new GrowingIds();

  /** How many IDs were added, repetitions counted. */
  get size(): number {
    return this.#ids.size;
  }

  add(id: bigint): void {
    this.#ids.add(id);
  }

  addAll(ids: ArrayLike<bigint>): void {
    this.#ids.addAll(ids);
  }

  /** Every ID that was added more than once, each listed once, in rising order; at most `limit` of them. */
  duplicates(limit = 20): bigint[] {
    const ids = this.#ids.view().sort();
    // Halves are compared as plain numbers: reading a bigint would allocate one per ID.
    const halves = new Uint32Array(ids.buffer, 0, ids.length * 2);
    const found: bigint[] = [];
    for (let index = 1; index < ids.length && found.length < limit; index++) {
      const low = index * 2;
      if (halves[low] !== halves[low - 2] || halves[low + 1] !== halves[low - 1]) continue;
      const id = ids[index] as bigint;
      if (found.at(-1) !== id) found.push(id);
    }
    return found;
  }
}
