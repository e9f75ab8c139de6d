const MAX_BATCH = 1_000;
/**
 * How many IDs are asked for in batches for each one that is asked for alone. So a fifth comes from single requests
 * even if batches are refused less often than they are.
 */
const BATCHED_PER_SINGLE = 3;

/** How many IDs are still to be asked for, and in which portions. */
export class Budget {
  readonly #singlesOnly: boolean;
  readonly #random: () => number;
  #left: number;
  #singles = 0;
  #batched = 0;

  /** `random`: [0, 1), for the sizes of batches. */
  constructor(ids: number, singlesOnly: boolean, random: () => number = Math.random) {
    this.#left = ids;
    this.#singlesOnly = singlesOnly;
    this.#random = random;
  }

  /** How many IDs to ask for next; 0 when all are asked for. */
  take(): number {
    const single = this.#singlesOnly || this.#singles * BATCHED_PER_SINGLE <= this.#batched;
    const wanted = single ? 1 : 2 + Math.floor(this.#random() * (MAX_BATCH - 1));
    const count = Math.min(wanted, this.#left);
    this.#move(count, 1);
    return count;
  }

  /** IDs that were taken from the budget did not come. */
  giveBack(count: number): void {
    this.#move(count, -1);
  }

  #move(count: number, sign: 1 | -1): void {
    this.#left -= sign * count;
    if (count === 1) this.#singles += sign;
    else this.#batched += sign * count;
  }
}
