/** Refills that are remembered: enough for a quantile, few enough that a bad minute is forgotten. */
const REMEMBERED = 32;

/** In a full window the slowest refill does not count: one outlier is not what refills take. */
const QUANTILE = 0.95;

/**
 * How long refills take, from the last of them. A tag has one of its own and says each duration to the agent's as well:
 * a tag that has seen few refills goes by what others saw, and one that is slow alone by what it saw itself.
 */
export class RefillLatency {
  readonly #agents: RefillLatency | undefined;
  readonly #durationsMs: number[] = [];
  #oldest = 0;
  #quantileMs = 0;

  /** `agents`: that of all tags together; absent in that one itself. */
  constructor(agents?: RefillLatency) {
    this.#agents = agents;
  }

  /** What 95 of 100 refills do not exceed, in milliseconds, by nearest rank; 0 before the first refill. */
  get quantileMs(): number {
    return Math.max(this.#quantileMs, this.#agents?.quantileMs ?? 0);
  }

  /** Remembers a refill that brought a segment. */
  record(durationMs: number): void {
    this.#durationsMs[this.#oldest] = durationMs;
    this.#oldest = (this.#oldest + 1) % REMEMBERED;
    const sorted = this.#durationsMs.toSorted((a, b) => a - b);
    this.#quantileMs = sorted[Math.ceil(sorted.length * QUANTILE) - 1] ?? 0;
    this.#agents?.record(durationMs);
  }
}
