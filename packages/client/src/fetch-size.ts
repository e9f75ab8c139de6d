/**
 * A fetch that is used up faster than this doubles the next one; one that lasts ten times as long halves it. In
 * milliseconds.
 */
const SHORT_MS = 2_000;

/**
 * How many IDs the next fetch asks for. It follows the demand, as an agent's step does: if demand is small, so is the
 * loss when a process closes. `lastedMs`: how long the last fetch lasted; undefined if there was none.
 */
export function nextFetchSize(
  last: number,
  lastedMs: number | undefined,
  { minFetch, maxFetch }: { readonly minFetch: number; readonly maxFetch: number },
): number {
  if (lastedMs === undefined) return minFetch;
  if (lastedMs < SHORT_MS) return Math.min(maxFetch, 2 * last);
  if (lastedMs > 10 * SHORT_MS) return Math.max(minFetch, last >> 1);
  return Math.min(maxFetch, Math.max(minFetch, last));
}
