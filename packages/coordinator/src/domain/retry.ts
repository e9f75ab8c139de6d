import type { Clock } from '@leafcutter/shared/clock';
import { sleep } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import { RETRY_REASONS } from './store.ts';

const reasons: ReadonlySet<string> = new Set(Object.values(RETRY_REASONS));

/** More than the failures that open Redis' circuit, so that one request can see a dead Redis through to unfenced. */
export const MAX_ATTEMPTS = 6;

/**
 * Runs a transaction again after a failure that threw its range away (deadlock, lost connection, unclear COMMIT or
 * fence). Every attempt starts from the counters as they then stand, so a range that may have been allocated by an
 * earlier attempt is never handed out (I1). At most `MAX_ATTEMPTS` attempts, none begun after `deadline` (monotonic).
 */
export async function retrying<T>(clock: Clock, deadline: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const again =
        hasCode(error, 'STORE_UNAVAILABLE') && error.reason !== undefined && reasons.has(error.reason);
      if (!again || attempt === MAX_ATTEMPTS) throw error;
      // Jitter, so that coordinators which collided do not collide again.
      await sleep(clock, Math.random() * 10 * attempt);
      if (clock.monotonic() >= deadline) throw error;
    }
  }
}
