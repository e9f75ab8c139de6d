import { RateMeter } from './rate-meter.ts';
import { RefillLatency } from './refill-latency.ts';

/**
 * How many refills the rest of a tag must outlast. Twice what refills take: the rate may go on rising while one is
 * under way.
 */
const REFILLS_COVERED = 2;

/** IDs of so long at the present rate are issued from one look at the clock to the next, milliseconds. */
const LOOK_EVERY_MS = 100;

/**
 * How fast a tag is drawn from, and whether what is left of it outlasts a refill. It is counted in IDs when to look
 * next, so that a rate that jumps is seen as soon as its IDs are issued, however far the next tick is, and issuing
 * reads the clock some ten times a second and not for each ID.
 */
export class RunwayGauge {
  readonly #rate: RateMeter;
  readonly #latency: RefillLatency;
  /** The count of issued IDs at which to look again. */
  #lookAt = 0;

  /** `agents`: how long the refills of all the agent's tags take. */
  constructor(now: number, agents: RefillLatency) {
    this.#rate = new RateMeter(now);
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

  /** True where so many IDs were `issued` since the last look that it is time for another. */
  isDue(issued: number): boolean {
    return issued >= this.#lookAt;
  }

  /** Looks: true where `remaining` IDs do not outlast a refill. `now` is monotonic. */
  isShort(issued: number, remaining: number, now: number): boolean {
    const perSecond = this.demandPerSecond(issued, now);
    const covered = (perSecond * REFILLS_COVERED * this.#latency.quantileMs) / 1_000;
    const stride = (perSecond * LOOK_EVERY_MS) / 1_000;
    const isShort = remaining < covered;
    // At the latest where the rest is no longer enough, if the rate stays.
    const untilShort = isShort ? stride : Math.min(stride, remaining - covered);
    this.#lookAt = issued + Math.max(1, Math.floor(untilShort));
    return isShort;
  }

  /**
   * The rate to provide for, IDs per second: the average, or where it is higher the rate of just now. An average of
   * seconds tells of a load that rose tenfold when it is too late to fetch for it.
   */
  demandPerSecond(issued: number, now: number): number {
    this.#rate.sample(issued, now);
    return Math.max(this.#rate.perSecond, this.#rate.latestPerSecond(issued, now));
  }
}
