/** How many refills are remembered: enough for a quantile, few enough that a bad minute is forgotten. */
const REMEMBERED = 32;

/** If the memory is full, the slowest refill does not count: one outlier is not typical. */
const QUANTILE = 0.95;

/**
 * How long refills take, judged by the last ones. Each tag has its own latency and passes each duration on to the
 * agent's. A tag with few refills goes by what others saw. A tag that alone is slow goes by what it saw itself.
 */
export class RefillLatency {
  readonly #agents: RefillLatency | undefined;
  readonly #durationsMs: number[] = [];
  #oldest = 0;
  #quantileMs = 0;

  /** `agents`: the latency of all tags together; absent in that one itself. */
  constructor(agents?: RefillLatency) {
    this.#agents = agents;
  }

  /** The duration that 95 of 100 refills do not exceed, in milliseconds, by nearest rank; 0 before the first refill. */
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
