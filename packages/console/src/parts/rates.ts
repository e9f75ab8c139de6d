import type { RateAt } from '@leafcutter/shared/fleet-views';
import { useEffect, useState } from 'preact/hooks';
import type { Point } from './chart.tsx';

/** When there are more points than this, they are thinned out. */
const MAX_POINTS = 3_000;
/** How far points are apart, by their age: each second at first, and as the coordinators keep them later. Milliseconds. */
const STEPS = [
  { upToMs: 900_000, everyMs: 1 },
  { upToMs: 3_600_000, everyMs: 15_000 },
  { upToMs: 86_400_000, everyMs: 300_000 },
] as const;

interface RateEvent {
  readonly timeMs: number;
  readonly ratePerSecond: number | null;
  readonly history?: readonly RateAt[];
}

/** The rates that the coordinators remember, followed by those that the page sees. What nobody saw is a gap. */
export function useRates(of: string, event: RateEvent | undefined): readonly Point[] {
  const [kept, setKept] = useState<{ of: string; points: readonly Point[] }>({ of, points: [] });
  useEffect(() => {
    if (event === undefined) return;
    setKept((before) => {
      const isOld = event.history !== undefined || before.of !== of;
      const old = isOld ? withGaps(event.history ?? []) : before.points;
      const last = old.at(-1)?.[0] ?? 0;
      const points: readonly Point[] =
        event.timeMs > last ? [...old, [event.timeMs, event.ratePerSecond]] : old;
      return { of, points: points.length > MAX_POINTS ? thinned(points, event.timeMs) : points };
    });
  }, [of, event]);
  return kept.of === of ? kept.points : [];
}

/** Where two points are further apart than such ones are at that age, nothing was seen in between. */
export function withGaps(history: readonly RateAt[]): Point[] {
  const newest = history.at(-1)?.atMs ?? 0;
  return history.flatMap(({ atMs, ratePerSecond }, index): Point[] => {
    const before = history[index - 1]?.atMs ?? atMs;
    const isGap = atMs - before > 2.5 * stepOf(newest - before);
    return isGap
      ? [
          [before + 1, null],
          [atMs, ratePerSecond],
        ]
      : [[atMs, ratePerSecond]];
  });
}

function stepOf(ageMs: number): number {
  const everyMs = STEPS.find(({ upToMs }) => ageMs < upToMs)?.everyMs ?? 300_000;
  // What comes from the coordinators is never finer.
  return Math.max(everyMs, 15_000);
}

/** Keeps the last point of each stretch. */
export function thinned(points: readonly Point[], nowMs: number): Point[] {
  const stretch = ([atMs]: Point) => {
    const everyMs = STEPS.find(({ upToMs }) => nowMs - atMs < upToMs)?.everyMs;
    return everyMs === undefined ? -1 : Math.floor(atMs / everyMs) * everyMs;
  };
  return points.filter((point, index) => {
    const next = points[index + 1];
    return stretch(point) >= 0 && (next === undefined || stretch(next) !== stretch(point));
  });
}
