import type { Clock } from '../../clock/clock.ts';
import { LeafcutterError } from '../../errors.ts';

/** How many callers are remembered. The one that has not asked for longest is forgotten, and begins anew. */
const MAX_BUCKETS = 20_000;
/** How many seconds' worth of requests may be made at once: a cold start asks for all of its tags. */
const BURST_S = 10;

/** What is counted, by the reason of the refusal. */
const COUNTED = {
  agent: 'requests per second came from one agent',
  token: 'requests per second came with one token',
  token_ids: 'IDs per second were requested with one token',
} as const;

interface Bucket {
  /** Below zero after a batch that took more than was left. */
  tokens: number;
  /** When it was last filled, monotonic milliseconds. */
  atMs: number;
}

/**
 * How fast each of many callers may ask: a token bucket for each. Per agent id it keeps a faulty agent from crowding
 * out the others. An agent can lie about its id, but not about its token.
 */
export class Pace<Asker> {
  readonly #clock: Clock;
  readonly #of: keyof typeof COUNTED;
  readonly #buckets = new Map<Asker, Bucket>();
  #perSecond: number;

  /** `perSecond`: 0 for no limit. `of`: what is counted, for the refusal. */
  constructor(clock: Clock, perSecond: number, of: keyof typeof COUNTED) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#of = of;
  }

  /** All callers begin anew. */
  change(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#buckets.clear();
  }

  /** True if there is a limit. */
  get isOn(): boolean {
    return this.#perSecond > 0;
  }

  /**
   * `cost`: how much of the limit the request takes. If that is more than is left, the rest is taken in advance: a
   * large batch is served at once, and the next requests wait until it is paid for.
   * @throws RATE_LIMITED, with the time after which the next request may come
   */
  check(asker: Asker, cost = 1): void {
    const perSecond = this.#perSecond;
    if (perSecond === 0) return;
    const now = this.#clock.monotonic();
    const most = perSecond * BURST_S;
    const bucket = this.#buckets.get(asker) ?? { tokens: most, atMs: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = now;
    this.#buckets.delete(asker);
    this.#buckets.set(asker, bucket);
    if (this.#buckets.size > MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest as Asker);
    }
    if (bucket.tokens >= 1) {
      bucket.tokens -= cost;
      return;
    }
    const retryAfterMs = Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    const message = `More than ${perSecond} ${COUNTED[this.#of]}; try again in ${retryAfterMs} ms.`;
    throw new LeafcutterError('RATE_LIMITED', message, { reason: this.#of, retryAfterMs });
  }
}
