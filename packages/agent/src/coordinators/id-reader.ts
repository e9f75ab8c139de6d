import { LeafcutterError } from '@leafcutter/shared/errors';
import type { CoordinatorClient } from './client.ts';

/** Questions under way at once. Refills take the same way and must not wait behind them. */
const MAX_UNDER_WAY = 16;

/** Reads IDs back. It asks the coordinators, which know every shape and every key. */
export class IdReader {
  readonly #coordinators: Pick<CoordinatorClient, 'decode'>;
  #underWay = 0;

  constructor(coordinators: Pick<CoordinatorClient, 'decode'>) {
    this.#coordinators = coordinators;
  }

  /**
   * @throws TAG_UNKNOWN, BAD_REQUEST, RATE_LIMITED if too many ask at once, and the codes of coordinators that are
   * away
   */
  async read(tag: string, id: string): ReturnType<CoordinatorClient['decode']> {
    if (this.#underWay >= MAX_UNDER_WAY) {
      const message = `This agent is already reading back ${MAX_UNDER_WAY} IDs, its limit; try again.`;
      throw new LeafcutterError('RATE_LIMITED', message, { reason: 'reads', retryAfterMs: 100 });
    }
    this.#underWay += 1;
    try {
      return await this.#coordinators.decode(tag, id);
    } finally {
      this.#underWay -= 1;
    }
  }
}
