import { RateMeter } from './rate-meter.ts';
import { RefillLatency } from './refill-latency.ts';

/**
 * How many refills the rest of a tag must outlast. It is twice the time of a refill, because the rate may go on
 * rising while one is under way.
 */
const REFILLS_COVERED = 2;

/** The time between two looks at the clock, expressed as IDs at the present rate, milliseconds. */
const LOOK_EVERY_MS = 100;

/**
 * How fast a tag is drawn from, and whether what is left of it outlasts a refill. The next look is due after a number
 * of IDs, not after a time. So a jump of the rate is seen as soon as its IDs are issued, even if the next tick is far
 * away, and issuing reads the clock about ten times a second instead of for each ID.
 */
export class RunwayGauge {
  readonly #rate: RateMeter;
  readonly #latency: RefillLatency;
  /** The number of issued IDs at which to look again. */
  #lookAt = 0;

  /** `issued`: how many IDs were issued before; `agents`: how long the refills of all the agent's tags take. */
  constructor(now: number, issued: number, agents: RefillLatency) {
    this.#rate = new RateMeter(now, issued);
    this.#latency = new RefillLatency(agents);
  }

  /** The averaged rate, IDs per second. */
  get ratePerSecond(): number {
    return this.#rate.perSecond;
  }

  /** A refill of this tag brought a segment. */
  refillTook(durationMs: number): void {
    this.#latency.record(durationMs);
  }

  /** True if the number of IDs `issued` since the last look calls for another one. */
  isDue(issued: number): boolean {
    return issued >= this.#lookAt;
  }

  /** Looks at the clock: true if `remaining` IDs do not outlast a refill. `now` is monotonic. */
  isShort(issued: number, remaining: number, now: number): boolean {
    const perSecond = this.demandPerSecond(issued, now);
    const covered = (perSecond * REFILLS_COVERED * this.#latency.quantileMs) / 1_000;
    const stride = (perSecond * LOOK_EVERY_MS) / 1_000;
    const isShort = remaining < covered;
    // Look again at the latest when the rest would no longer be enough at this rate.
    const untilShort = isShort ? stride : Math.min(stride, remaining - covered);
    this.#lookAt = issued + Math.max(1, Math.floor(untilShort));
    return isShort;
  }

  /**
   * The rate to provide for, IDs per second: the average or the latest rate, whichever is higher. If the load rises
   * tenfold, an average over seconds shows it too late to fetch for it.
   */
  demandPerSecond(issued: number, now: number): number {
    this.#rate.sample(issued, now);
    return Math.max(this.#rate.perSecond, this.#rate.latestPerSecond(issued, now));
  }
}
