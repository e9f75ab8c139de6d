import type { Clock } from '@leafcutter/shared/clock';
import { sleep } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED, type Remembered } from './counter-behind-error.ts';
import { compareEras, maxBigint } from './range.ts';
import { RETRY_REASONS } from './store.ts';

const reasons: ReadonlySet<string> = new Set(Object.values(RETRY_REASONS));

export const MAX_ATTEMPTS = 6;

/** Longest wait before the second attempt; it grows with each. Long enough for a broken connection to be back. */
const WAIT_MS = 50;

/**
 * Runs a transaction again after a failure that threw its range away (deadlock, lost connection, unclear COMMIT or
 * fence). Every attempt starts from the counters as they stand then, so a range that an earlier attempt may have
 * allocated is never handed out (I1). If the counter was behind, the next attempt gets what is remembered. There are
 * at most `MAX_ATTEMPTS` attempts, and none begins after `deadline` (monotonic).
 */
export async function retrying<T>(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  deadline: number,
  work: (remembered: Remembered) => Promise<T>,
): Promise<T> {
  let remembered = NOTHING_REMEMBERED;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(remembered);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error;
      if (error instanceof CounterBehindError) remembered = highest(remembered, error.remembered);
      else if (isTransient(error)) await sleep(clock, WAIT_MS * attempt * (0.5 + random() / 2));
      else throw error;
      if (clock.monotonic() >= deadline) throw error;
    }
  }
}

function highest(a: Remembered, b: Remembered): Remembered {
  const later = compareEras(a, b);
  if (later !== 0) return later > 0 ? a : b;
  return {
    ...b,
    value: maxBigint(a.value, b.value),
    granted: maxBigint(a.granted, b.granted),
    committed: maxBigint(a.committed, b.committed),
  };
}

function isTransient(error: unknown): boolean {
  return hasCode(error, 'STORE_UNAVAILABLE') && error.reason !== undefined && reasons.has(error.reason);
}
