import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';

/** What means "not yet". */
type Nothing = undefined | null | false | 0 | '';

/** The pauses between questions grow up to this: asking does not speed up what takes long. */
const SLOWEST_MS = 250;

/**
 * Asks again and again until `probe` returns something truthy.
 *
 * @param timeoutMs when to give up, if what is asked for may never come
 * @param intervalMs pause between the first two questions
 * @returns the answer, or `undefined` if time ran out. If `probe` throws, that counts as no answer yet.
 */
export async function poll<T>(
  probe: () => T | Promise<T>,
  timeoutMs = PATIENCE_MS,
  intervalMs = 10,
): Promise<Exclude<T, Nothing> | undefined> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = intervalMs; ; pauseMs = Math.min(pauseMs * 1.2, Math.max(SLOWEST_MS, intervalMs))) {
    const answer = await Promise.resolve()
      .then(probe)
      .catch(() => undefined);
    if (answer) return answer as Exclude<T, Nothing>;
    if (performance.now() >= end) return undefined;
    await sleep(pauseMs);
  }
}
