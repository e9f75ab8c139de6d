import { describe, expect, test } from '@jest/globals';
import { RefillLatency } from './refill-latency.ts';

function after(durationsMs: readonly number[], agents?: RefillLatency): RefillLatency {
  const latency = new RefillLatency(agents);
  for (const durationMs of durationsMs) latency.record(durationMs);
  return latency;
}

const times = (count: number, durationMs: number) => Array.from({ length: count }, () => durationMs);

describe('how long refills take', () => {
  test('is 0 before the first', () => {
    expect(after([]).quantileMs).toBe(0);
  });

  test('is the slowest while few were seen', () => {
    expect(after([20, 300, 25]).quantileMs).toBe(300);
  });

  test('is not one outlier among many, but two in 32 count', () => {
    expect(after([...times(31, 20), 900]).quantileMs).toBe(20);
    expect(after([...times(30, 20), 900, 800]).quantileMs).toBe(800);
  });

  test('follows refills that became slow after two of them, where a mean would not', () => {
    const latency = after([...times(32, 20), 500, 500]);
    expect(latency.quantileMs).toBe(500);
    expect((30 * 20 + 2 * 500) / 32).toBeLessThan(60);
  });

  test('forgets what is 32 refills old', () => {
    expect(after([...times(32, 900), ...times(31, 20)]).quantileMs).toBe(20);
  });

  test('is what other tags saw while a tag saw nothing, and at least what it saw itself', () => {
    const agents = new RefillLatency();
    after(times(5, 80), agents);
    expect(after([], agents).quantileMs).toBe(80);
    const slow = after([400], agents);
    after(times(40, 80), agents);
    expect(agents.quantileMs).toBe(80);
    expect(slow.quantileMs).toBe(400);
  });
});
