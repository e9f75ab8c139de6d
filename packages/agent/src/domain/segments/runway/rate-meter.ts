/** Time constant of the average: the rate follows a change within about this long. */
const TIME_CONSTANT_MS = 5_000;

/** Shorter spans say nothing: a hundred in one millisecond is not a rate of a hundred thousand a second. */
const MIN_SPAN_MS = 250;

/** An exponentially weighted rate of a counter that only rises, in events per second. */
export class RateMeter {
  #at: number;
  #count: number;
  #perSecond: number | undefined;
  #lastSpanPerSecond = 0;

  /** `count`: where the counter stands `now`. */
  constructor(now: number, count: number) {
    this.#at = now;
    this.#count = count;
  }

  /** Tells the meter where the counter stands. `now` is monotonic, in milliseconds. */
  sample(count: number, now: number): void {
    const span = now - this.#at;
    if (span < MIN_SPAN_MS) return;
    const rate = ((count - this.#count) * 1000) / span;
    const weight = this.#perSecond === undefined ? 1 : 1 - Math.exp(-span / TIME_CONSTANT_MS);
    this.#perSecond = (this.#perSecond ?? 0) * (1 - weight) + rate * weight;
    this.#lastSpanPerSecond = rate;
    this.#at = now;
    this.#count = count;
  }

  /**
   * The latest rate, not averaged: of the open span or of the one before, whichever is higher. The open span counts
   * as no shorter than the shortest that means something, so a burst isn't overrated.
   */
  latestPerSecond(count: number, now: number): number {
    const open = ((count - this.#count) * 1000) / Math.max(MIN_SPAN_MS, now - this.#at);
    return Math.max(open, this.#lastSpanPerSecond);
  }

  get perSecond(): number {
    return this.#perSecond ?? 0;
  }
}
