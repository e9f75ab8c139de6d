import { expect, test } from '@jest/globals';
import type { LedgerEntry } from '../allocation/range.ts';
import { daysUntilExhausted } from './forecast.ts';

const DAY_MS = 86_400_000;
const NOW = 100 * DAY_MS;

function segment(start: bigint, end: bigint, daysAgo: number): LedgerEntry {
  return {
    counter: { kind: 'tag', tag: 'orders' },
    start,
    end,
    agentId: 'a',
    instanceId: 'i',
    coordinatorId: 'c',
    grantedAtMs: NOW - daysAgo * DAY_MS,
  };
}
const tag = (nextId: bigint, highestId?: bigint) => ({ nextId, highWater: 0n, highestId });

test('a tag lasts as long as what is left at the pace of its last segments', () => {
  const segments = [segment(2_001n, 3_001n, 1), segment(1_001n, 2_001n, 5), segment(1n, 1_001n, 10)];
  expect(daysUntilExhausted(tag(3_001n, 6_000n), segments, NOW)).toBe(10);
});

test('a tag that has nothing left has no days left, whatever its pace', () => {
  expect(daysUntilExhausted(tag(6_001n, 6_000n), [], NOW)).toBe(0);
});

test('a tag that nobody used, or for minutes only, has no forecast', () => {
  expect(daysUntilExhausted(tag(1n, 6_000n), [], NOW)).toBeUndefined();
  expect(daysUntilExhausted(tag(1_001n), [segment(1n, 1_001n, 0.001)], NOW)).toBeUndefined();
});

test('without a highest ID a tag lasts for thousands of years', () => {
  expect(daysUntilExhausted(tag(1_000_001n), [segment(1n, 1_000_001n, 1)], NOW)).toBeGreaterThan(1e12);
});
