/**
 * Exponential backoff with full jitter: after `failures` failures in a row, a random wait below a bound that doubles
 * each time.
 */
export function backoffMs(failures: number, random: () => number, baseMs = 100, capMs = 2_000): number {
  const bound = Math.min(capMs, baseMs * 2 ** Math.min(failures, 16));
  // Never below a tenth of the bound, so that a lucky draw does not become a busy loop.
  return bound * (0.1 + 0.9 * random());
}
