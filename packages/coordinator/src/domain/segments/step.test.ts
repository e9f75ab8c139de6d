import { describe, expect, test } from '@jest/globals';
import { nextStep, stepForDemand } from './step.ts';

const MINUTE_MS = 60_000;

describe('the seed rule', () => {
  test.each([
    ['0:00', 0, 2_000],
    ['14:59', 15 * MINUTE_MS - 1_000, 2_000],
    ['14:59.999', 15 * MINUTE_MS - 1, 2_000],
    ['15:00', 15 * MINUTE_MS, 1_000],
    ['29:59', 30 * MINUTE_MS - 1_000, 1_000],
    ['29:59.999', 30 * MINUTE_MS - 1, 1_000],
    ['30:00', 30 * MINUTE_MS, 500],
    ['a day', 1_440 * MINUTE_MS, 500],
  ])('a segment of 1,000 that lasted %s is followed by the right size', (_name, lastedMs, expected) => {
    expect(nextStep({ step: 1_000, lastedMs }, 100, 1_000_000)).toBe(expected);
  });

  test.each([
    ['doubling stops at the max step', 600_000, 0, 1_000, 1_000_000, 1_000_000],
    ['the max step is kept', 1_000_000, 0, 1_000, 1_000_000, 1_000_000],
    ['halving stops at the base step', 1_500, 30 * MINUTE_MS, 1_000, 1_000_000, 1_000],
    ['halving an odd step rounds down', 5, 30 * MINUTE_MS, 1, 1_000_000, 2],
    ['a step of 1 is never halved to nothing', 1, 30 * MINUTE_MS, 1, 1_000_000, 1],
    ['a base step above the max step wins', 10, 0, 5_000, 1_000, 5_000],
    ['a base step that was raised takes effect at once', 1_000, 20 * MINUTE_MS, 4_000, 1_000_000, 4_000],
    ['a max step that was lowered takes effect at once', 900_000, 20 * MINUTE_MS, 1_000, 10_000, 10_000],
  ])('%s', (_name, step, lastedMs, baseStep, maxStep, expected) => {
    expect(nextStep({ step, lastedMs }, baseStep, maxStep)).toBe(expected);
  });
});

describe('the step for a demand', () => {
  const tag = { baseStep: 1_000, maxStep: 1_000_000, targetDurationS: 600 };

  test('is the base step where nothing is known and nobody waits', () => {
    expect(stepForDemand({ ratePerSecond: 5_000, waitingIds: 0, blockIds: 0 }, tag)).toBe(1_000);
  });

  test('follows the seed rule where nobody waits', () => {
    const lastSegment = { step: 4_000, lastedMs: MINUTE_MS };
    expect(stepForDemand({ ratePerSecond: 5_000, waitingIds: 0, blockIds: 0, lastSegment }, tag)).toBe(8_000);
  });

  test('jumps to rate × target duration where callers wait and the rule would double', () => {
    const lastSegment = { step: 1_000, lastedMs: 1_000 };
    expect(stepForDemand({ ratePerSecond: 1_000, waitingIds: 7, blockIds: 0, lastSegment }, tag)).toBe(
      600_000,
    );
  });

  test('jumps already at the first segment', () => {
    expect(stepForDemand({ ratePerSecond: 1_000, waitingIds: 7, blockIds: 0 }, tag)).toBe(600_000);
  });

  test('is never below what the waiting callers need', () => {
    expect(stepForDemand({ ratePerSecond: 0, waitingIds: 50_000, blockIds: 0 }, tag)).toBe(50_000);
  });

  test('never jumps above the max step', () => {
    expect(stepForDemand({ ratePerSecond: 1e12, waitingIds: 1e12, blockIds: 0 }, tag)).toBe(1_000_000);
  });

  test('never jumps below the seed rule', () => {
    const lastSegment = { step: 400_000, lastedMs: MINUTE_MS };
    expect(stepForDemand({ ratePerSecond: 1, waitingIds: 1, blockIds: 0, lastSegment }, tag)).toBe(800_000);
  });

  test.each([
    ['keeps', 20 * MINUTE_MS, 4_000],
    ['halves', 40 * MINUTE_MS, 2_000],
  ])('does not jump where the rule %s', (_name, lastedMs, expected) => {
    const lastSegment = { step: 4_000, lastedMs };
    expect(stepForDemand({ ratePerSecond: 1_000, waitingIds: 9, blockIds: 0, lastSegment }, tag)).toBe(
      expected,
    );
  });

  test('is a whole number for any rate', () => {
    expect(stepForDemand({ ratePerSecond: 10.001, waitingIds: 1, blockIds: 0 }, tag)).toBe(6_001);
  });

  test.each<[string, number | undefined, number, number]>([
    ['has nothing to go by', undefined, 5_000, 5_000],
    ['doubles', 60_000, 5_000, 5_000],
    ['keeps', 20 * MINUTE_MS, 5_000, 5_000],
    ['halves', 40 * MINUTE_MS, 5_000, 5_000],
    ['gives more anyway', 20 * MINUTE_MS, 500, 1_000],
    ['reaches the max step', 20 * MINUTE_MS, 2_000_000, 1_000_000],
  ])('holds a block of consecutive IDs where the rule %s', (_name, lastedMs, blockIds, expected) => {
    const lastSegment = lastedMs === undefined ? undefined : { step: 1_000, lastedMs };
    const demand = { ratePerSecond: 0, waitingIds: blockIds, blockIds, lastSegment };
    expect(stepForDemand(demand, tag)).toBe(expected);
  });
});
