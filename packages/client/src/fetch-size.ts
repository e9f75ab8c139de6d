/** A fetch that is used up faster doubles the next one; one that lasts ten times as long halves it. In milliseconds. */
const SHORT_MS = 2_000;

/**
 * IDs of the next fetch. They follow the demand, as an agent's step does: what a closed process loses stays small where
 * demand is. `lastedMs`: how long the last fetch lasted; undefined where there was none.
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
