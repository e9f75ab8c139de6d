import { expect, test } from '@jest/globals';
import type { Point } from './chart.tsx';
import { thinned, withGaps } from './rates.ts';

const at = (minutes: number, ratePerSecond = 1) => ({ atMs: minutes * 60_000, ratePerSecond });

test('a stretch that no coordinator saw is a gap, at the spacing of its age', () => {
  const hours = [0, 5, 10, 30, 35].map((minutes) => at(minutes));
  const lately = [100, 100.25, 100.5, 104].map((minutes) => at(minutes));
  const gaps = withGaps([...hours, ...lately]).filter(([, value]) => value === null);
  expect(gaps.map(([atMs]) => Math.round(atMs / 60_000))).toEqual([10, 35, 101]);
});

test('old points are thinned out, and those of the day before go', () => {
  const nowMs = 200_000_000;
  const every = (count: number, ms: number, fromMs: number): Point[] =>
    Array.from({ length: count }, (_, index) => [nowMs - fromMs + index * ms, 1]);
  const points = [
    ...every(10, 1_000, 90_000_000),
    ...every(600, 1_000, 3_000_000),
    ...every(60, 1_000, 60_000),
  ];
  const kept = thinned(points, nowMs);
  expect(kept.filter(([atMs]) => nowMs - atMs <= 60_000)).toHaveLength(60);
  expect(kept.length).toBeLessThan(60 + 600 / 15 + 2);
  expect(nowMs - (kept[0]?.[0] ?? 0)).toBeLessThan(3_000_001);
});
