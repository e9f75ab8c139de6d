import type { Clock } from '@leafcutter/shared/clock';

/**
 * How far this agent's wall clock is from the coordinators', measured with every answer that carries their time. Half
 * of the round trip is allowed for: an offset smaller than that may come from the network.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #maxSkewMs: number;
  #offsetMs: number | undefined;

  constructor(clock: Clock, maxSkewMs: number) {
    this.#clock = clock;
    this.#maxSkewMs = maxSkewMs;
  }

  /** Begins a measurement; call the result with the time that the answer carried. */
  begin(): (coordinatorTimeMs: number) => void {
    const sentAt = this.#clock.monotonic();
    return (coordinatorTimeMs) => {
      const halfRoundTrip = (this.#clock.monotonic() - sentAt) / 2;
      const difference = this.#clock.now() - halfRoundTrip - coordinatorTimeMs;
      const certain = Math.max(0, Math.abs(difference) - halfRoundTrip);
      this.#offsetMs = Math.round(Math.sign(difference) * certain);
    };
  }

  /** Milliseconds by which this clock is ahead of the coordinators'; undefined before the first answer. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  get skewed(): boolean {
    return this.#offsetMs !== undefined && Math.abs(this.#offsetMs) > this.#maxSkewMs;
  }
}
