import type { RateAt } from '@leafcutter/shared/fleet-views';
import { useEffect, useState } from 'preact/hooks';

/** An hour of looks, one a second. */
const MAX_POINTS = 3_600;

/** The rates that the service remembers, followed by those that the page sees. */
export function useRates(
  of: string,
  event:
    | { readonly timeMs: number; readonly ratePerSecond: number; readonly history?: readonly RateAt[] }
    | undefined,
): readonly (readonly [number, number])[] {
  const [kept, setKept] = useState<{ of: string; points: (readonly [number, number])[] }>({ of, points: [] });
  useEffect(() => {
    if (event === undefined) return;
    setKept((before) => {
      const old =
        event.history !== undefined || before.of !== of
          ? (event.history ?? []).map(({ atMs, ratePerSecond }) => [atMs, ratePerSecond] as const)
          : before.points;
      const last = old.at(-1)?.[0] ?? 0;
      const points = event.timeMs > last ? [...old, [event.timeMs, event.ratePerSecond] as const] : old;
      return { of, points: points.slice(-MAX_POINTS) };
    });
  }, [of, event]);
  return kept.of === of ? kept.points : [];
}
