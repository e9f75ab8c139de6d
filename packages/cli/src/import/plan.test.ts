import { describe, expect, test } from '@jest/globals';
import type { TagView } from '@leafcutter/shared/wire';
import { planStep } from './plan.ts';

const tag = (nextId: string, state: 'active' | 'retired' = 'active'): TagView => ({
  ...{ tag: 'orders', state, nextId, step: 1_000, maxStep: 1_000_000, targetDurationS: 600 },
  ...{ highestId: String(2n ** 63n - 2n), description: null },
});
const orders = (nextId: bigint) => ({ name: 'orders', nextId });

describe('a counter of another system', () => {
  test('becomes a tag that starts a gap above it, with its step', () => {
    expect(planStep({ ...orders(501n), step: 50 }, undefined, 1_000n)).toEqual({
      ...{ name: 'orders', action: 'create', nextThere: 501n, nextHere: 1_501n, step: 50 },
    });
    expect(planStep({ ...orders(501n), step: 10_000_000 }, undefined, 0n)).not.toHaveProperty('step');
  });

  test('at 0 becomes a tag that starts at 1: 0 is no ID', () => {
    expect(planStep(orders(0n), undefined, 0n).nextHere).toBe(1n);
  });

  test.each([
    ['500', 500n],
    ['501', 500n],
    ['900000', 500n],
  ])('keeps a tag that stands at %s when the other system is at %s', (here, there) => {
    expect(planStep(orders(there), tag(here), 1_000n).action).toBe('keep');
  });

  test.each([
    ['stands below', orders(500n), tag('499'), /stands 1 below/],
    ['is retired', orders(500n), tag('900', 'retired'), /retired/],
  ])('is refused where the tag %s: nothing is lowered, nothing overlaps', (_, found, existing, problem) => {
    expect(planStep(found, existing, 0n)).toMatchObject({
      action: 'refuse',
      problem: expect.stringMatching(problem),
    });
  });

  test.each([
    [{ name: 'bad name', nextId: 1n }, /a new tag takes/],
    [{ name: '', nextId: 1n }, /a new tag takes/],
    [{ name: 'x'.repeat(129), nextId: 1n }, /a new tag takes/],
    [orders(-5n), /negative/],
    [orders(2n ** 63n - 2n), /highest ID/],
    [orders(2n ** 64n), /highest ID/],
    [{ name: 'orders', problem: 'delta is 2' }, /delta is 2/],
  ])('%j is refused', (found, problem) => {
    expect(planStep(found, undefined, 1n)).toMatchObject({
      action: 'refuse',
      problem: expect.stringMatching(problem),
    });
  });
});
