import { describe, expect, test } from '@jest/globals';
import { type Existing, planStep as plan, withoutClashes } from './plan.ts';
import type { Found } from './source.ts';

const tag = (nextId: bigint, firstId = nextId, state: Existing['state'] = 'active'): Existing => ({
  state,
  nextId,
  firstId,
});
const planStep = (found: Found, existing: Existing | undefined, gap: bigint) =>
  plan(found, found.name, existing, gap);
const orders = (nextId: bigint) => ({ name: 'orders', nextId });

describe('a counter of another system', () => {
  test('becomes a tag that starts a gap above it, with its step', () => {
    expect(planStep({ ...orders(501n), step: 50 }, undefined, 1_000n)).toEqual({
      name: 'orders',
      tag: 'orders',
      action: 'create',
      nextThere: 501n,
      nextHere: 1_501n,
      step: 50,
    });
    expect(planStep({ ...orders(501n), step: 10_000_000 }, undefined, 0n)).not.toHaveProperty('step');
  });

  test('at 0 becomes a tag that starts at 1: 0 is no ID', () => {
    expect(planStep(orders(0n), undefined, 0n).nextHere).toBe(1n);
  });

  test.each([
    [500n, 500n, 500n],
    [501n, 501n, 500n],
    [900_000n, 500n, 500n],
    [900_000n, 1_500n, 1_499n],
  ])('keeps a tag at %s that granted from %s on when the other system is at %s', (here, first, there) => {
    expect(planStep(orders(there), tag(here, first), 1_000n).action).toBe('keep');
  });

  test.each([
    ['stands below', orders(500n), tag(499n), /is 1 below/],
    ['is retired', orders(500n), tag(900n, 900n, 'retired'), /retired/],
    [
      'granted IDs that the other system has passed',
      orders(500n),
      tag(900n, 499n),
      /from 499 to 499: some may exist/,
    ],
    ['began at 1', orders(500n), tag(900_000n, 1n), /from 1 to 499/],
  ])('is refused where the tag %s: nothing is lowered, nothing overlaps', (_, found, existing, problem) => {
    expect(planStep(found, existing, 0n)).toMatchObject({
      action: 'refuse',
      problem: expect.stringMatching(problem),
    });
  });

  test.each([
    [{ name: 'bad name', nextId: 1n }, /a tag name must have/],
    [{ name: '', nextId: 1n }, /a tag name must have/],
    [{ name: 'x'.repeat(129), nextId: 1n }, /a tag name must have/],
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

  test('takes its new name, and is judged by that', () => {
    expect(plan({ name: 'bad name', nextId: 7n }, 'good', undefined, 0n)).toMatchObject({
      name: 'bad name',
      tag: 'good',
      action: 'create',
    });
    expect(plan(orders(7n), 'bad name', undefined, 0n)).toMatchObject({ action: 'refuse' });
  });
});

describe('counters that would become one tag', () => {
  const found: Found[] = [
    { name: 'a.order', nextId: 500n },
    { name: 'b.order', nextId: 9_000n },
    { name: 'c.pay', nextId: 1n },
  ];
  const lastPart = (name: string) => name.slice(name.indexOf('.') + 1);

  test('are all refused', () => {
    const actions = withoutClashes(found, lastPart).map((counter) => {
      const { name, action, problem } = plan(counter, lastPart(counter.name), undefined, 0n);
      return [name, action, problem];
    });
    expect(actions).toEqual([
      ['a.order', 'refuse', 'b.order would also become tag order; rename one of them'],
      ['b.order', 'refuse', 'a.order would also become tag order; rename one of them'],
      ['c.pay', 'create', undefined],
    ]);
  });

  test('control: without that, both would be made, one of them below what the other handed out', () => {
    const starts = found.map((counter) => plan(counter, lastPart(counter.name), undefined, 0n));
    expect(starts.filter(({ tag }) => tag === 'order').map(({ nextHere }) => nextHere)).toEqual([
      500n,
      9_000n,
    ]);
  });
});
