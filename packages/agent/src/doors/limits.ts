import type { Clock } from '@leafcutter/shared/clock';
import { Pace } from '@leafcutter/shared/http/pace';
import type { Scope } from '@leafcutter/shared/http/tokens';
import type { AgentConfig } from '../settings/settings.ts';

type LimitSettings = Pick<AgentConfig, 'tokenRequestsPerS' | 'tokenIdsPerS'>;

/** How fast IDs may be drawn with one token, at all doors together; without tokens, by all callers together. */
export class Limits {
  /** The key is what a token opens, an object of its own for each token. */
  readonly #requests: Pace<Scope>;
  readonly #ids: Pace<Scope>;

  constructor(clock: Clock, { tokenRequestsPerS, tokenIdsPerS }: LimitSettings) {
    this.#requests = new Pace(clock, tokenRequestsPerS, 'token');
    this.#ids = new Pace(clock, tokenIdsPerS, 'token_ids');
  }

  /** True if any draw may be refused. */
  get areOn(): boolean {
    return this.#requests.isOn || this.#ids.isOn;
  }

  change({ tokenRequestsPerS, tokenIdsPerS }: LimitSettings): void {
    this.#requests.change(tokenRequestsPerS);
    this.#ids.change(tokenIdsPerS);
  }

  /** Counts a request for `count` IDs. @throws RATE_LIMITED */
  check(by: Scope, count: number): void {
    this.#requests.check(by);
    this.#ids.check(by, count);
  }
}
