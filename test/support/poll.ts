import { setTimeout as sleep } from 'node:timers/promises';

/** What means "not yet". */
type Nothing = undefined | null | false | 0 | '';

/**
 * Asks again and again until `probe` answers something truthy.
 *
 * @param timeoutMs after how long to give up
 * @param intervalMs pause between two questions
 * @returns the answer, or `undefined` when time ran out. What `probe` throws counts as no answer yet.
 */
export async function poll<T>(
  probe: () => T | Promise<T>,
  timeoutMs: number,
  intervalMs = 10,
): Promise<Exclude<T, Nothing> | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await Promise.resolve()
      .then(probe)
      .catch(() => undefined);
    if (answer) return answer as Exclude<T, Nothing>;
    if (performance.now() >= end) return undefined;
    await sleep(intervalMs);
  }
}
