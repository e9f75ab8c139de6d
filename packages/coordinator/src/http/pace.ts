import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';

/** What agents ask for. Each has a pace of its own, so that one keeps none of the others waiting. */
const KINDS = ['segments', 'leases', 'reads', 'reports'] as const;
type Kind = (typeof KINDS)[number];

/** Who is remembered at most; the one that asked least lately is forgotten, and begins anew. */
const MAX_BUCKETS = 20_000;
/** Seconds of requests that may be made at once: a cold start asks for all of its tags. */
const BURST_S = 10;

interface Bucket {
  tokens: number;
  /** When it was filled last, monotonic milliseconds. */
  atMs: number;
}

/**
 * How fast one of many may ask: a token bucket for each. By agent id it keeps a mistaken agent from crowding out the
 * others; an agent can lie about its id, and not about its token.
 */
export class Pace<Asker> {
  readonly #clock: Clock;
  readonly #of: 'agent' | 'token';
  readonly #buckets = new Map<Asker, Bucket>();
  #perSecond: number;

  /** `perSecond`: 0 for no limit. `of`: what the askers are, for the refusal. */
  constructor(clock: Clock, perSecond: number, of: 'agent' | 'token') {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#of = of;
  }

  /** Everyone begins anew. */
  change(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#buckets.clear();
  }

  /** @throws RATE_LIMITED, with the time after which the next request may come */
  check(asker: Asker): void {
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
      bucket.tokens -= 1;
      return;
    }
    const retryAfterMs = Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    const message = `More than ${perSecond} requests a second came from one ${this.#of}.`;
    throw new LeafcutterError('RATE_LIMITED', message, { reason: this.#of, retryAfterMs });
  }
}

/** A pace for each kind of request. */
export class Paces<Asker> {
  readonly #of: Readonly<Record<Kind, Pace<Asker>>>;

  constructor(...pace: ConstructorParameters<typeof Pace<Asker>>) {
    const entries = KINDS.map((kind) => [kind, new Pace<Asker>(...pace)] as const);
    this.#of = Object.fromEntries(entries) as Record<Kind, Pace<Asker>>;
  }

  change(perSecond: number): void {
    for (const kind of KINDS) this.#of[kind].change(perSecond);
  }

  /** @throws RATE_LIMITED, with the time after which the next request of this kind may come */
  check(kind: Kind, asker: Asker): void {
    this.#of[kind].check(asker);
  }
}
