import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';

/** Agents that are remembered; the one that asked least lately is forgotten, and begins anew. */
const MAX_AGENTS = 20_000;
/** Seconds of requests that an agent may make at once: a cold start asks for all of its tags. */
const BURST_S = 10;

interface Bucket {
  tokens: number;
  /** When it was filled last, monotonic milliseconds. */
  atMs: number;
}

/**
 * How fast one agent may ask: a token bucket for each agent id. It keeps a mistaken agent from crowding out the others;
 * who lies about its name is told apart by its token, not here.
 */
export class AgentPace {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #perSecond: number;

  /** `perSecond`: 0 for no limit. */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  change(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#buckets.clear();
  }

  /** @throws RATE_LIMITED, with the time after which the next request may come */
  check(agentId: string): void {
    const perSecond = this.#perSecond;
    if (perSecond === 0) return;
    const now = this.#clock.monotonic();
    const most = perSecond * BURST_S;
    const bucket = this.#buckets.get(agentId) ?? { tokens: most, atMs: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = now;
    this.#buckets.delete(agentId);
    this.#buckets.set(agentId, bucket);
    if (this.#buckets.size > MAX_AGENTS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return;
    }
    throw new LeafcutterError(
      'RATE_LIMITED',
      `Agent ${agentId} asks more than ${perSecond} times a second.`,
      {
        ...{ reason: 'agent', retryAfterMs: Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000) },
      },
    );
  }
}
