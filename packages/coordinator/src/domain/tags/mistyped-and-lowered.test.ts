import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { overlaps } from '../../fakes/samples.ts';

/** Found by a reviewer: counters that are set by hand and lowered, and stores that forget around that. */

let tag: OneTag;

beforeEach(async () => {
  tag = await OneTag.make(50);
});

/** Redis as it is now, for a later failover, which is noticed and swept. */
function replica(): () => Promise<void> {
  const promote = tag.replica();
  return async () => {
    promote();
    tag.fence.incarnation += 1;
    await tag.guard.sweep();
  };
}

test('a Redis that forgets a lowering of a counter that was mistyped twice does not take the grants below it for a gap', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  tag.byHand(501n);
  await tag.sweeps();
  const failOver = replica();
  await tag.lower(51n);
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('51-101');
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next.
  tag.backTo(commits);
  await tag.guard.sweep();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test.each([
  ['a sweep', () => tag.guard.sweep()],
  ['an allocation', () => tag.grant()],
])(
  'a counter that is set by hand into what MySQL lost leaves no gap there once %s mended it',
  async (_, mend) => {
    expect(await tag.grant()).toBe('1-51');
    tag.byHand(201n);
    expect(await tag.grant()).toBe('201-251');
    tag.store.database.loseLast(1);
    tag.byHand(226n);
    await mend();
    await tag.guard.sweep();
    // A sweep that saw both has completed: Redis may forget next.
    await tag.redisForgets();
    await tag.lower(51n).catch(() => undefined);
    for (let n = 0; n < 5; n++) await tag.grant();
    expect(overlaps(tag.ranges)).toEqual([]);
  },
);

test('a sweep raises a counter that stands in what is taken to the end of what MySQL lost above that', async () => {
  await tag.mistypeAndLower(201n);
  // An admin lifts the limit, and somebody sets the counter by hand.
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(226n);
  expect(await tag.grant()).toBe('251-301');
  tag.store.database.loseLast(1);
  await tag.guard.sweep();
  // A sweep that saw both has completed: Redis may forget next.
  await tag.redisForgets();
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('a Redis that learnt of a counter above what is taken is not mistaken for one from before the lowering', async () => {
  await tag.mistypeAndLower(101n);
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('51-101');
  // The gap is used up, and the counter is set past what is taken.
  tag.byHand(151n);
  await tag.redisForgets();
  // A sweep that saw both has completed: MySQL may forget next.
  tag.backTo(commits);
  await tag.guard.sweep();
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('what a sweep taught MySQL of the numbers below is not forgotten by Redis: MySQL may lose that, too', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const lowering = tag.store.database.commitCount;
  await tag.lower(51n);
  expect(await tag.grant()).toBe('51-101');
  tag.backTo(lowering);
  const mending = tag.store.database.commitCount;
  await tag.guard.sweep();
  // A sweep that saw both has completed, and MySQL fails over again: Redis never forgot anything.
  tag.backTo(mending);
  await tag.guard.sweep();
  // And another one has, so that Redis may forget.
  await tag.redisForgets();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('nor in what a sweep taught MySQL twice, where nothing is ever forgotten by Redis', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const lowering = tag.store.database.commitCount;
  await tag.lower(51n);
  expect(await tag.grant()).toBe('51-101');
  tag.backTo(lowering);
  const mending = tag.store.database.commitCount;
  await tag.guard.sweep();
  tag.backTo(mending);
  await tag.guard.sweep();
  // A typo above, and the numbers below.
  tag.byHand(501n);
  await expect(tag.lower(251n)).rejects.toThrow('the tag’s highest ID is 200');
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('a Redis that forgets a lowering whose gap is used up takes nothing in it for skipped any more', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(101n);
  expect(await tag.grant()).toBe('101-151');
  const failOver = replica();
  await tag.lower(51n);
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('51-101');
  // The gap is used up, and the counter is set past what is taken.
  tag.byHand(151n);
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next. And the counter is set again.
  tag.backTo(commits);
  tag.byHand(151n);
  await tag.guard.sweep();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('a counter that was lowered to the end of what is taken, and a MySQL that forgets that', async () => {
  await tag.mistypeAndLower(101n);
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('51-101');
  // The gap is used up, and an admin lifts the limit. A typo follows, and the operator lowers to where the refusal says.
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(901n);
  await expect(tag.lower(51n)).rejects.toThrow();
  await expect(tag.lower(101n)).rejects.toThrow('the lowest that were not is 151');
  await tag.lower(151n);
  // MySQL fails over, once. Redis never forgot anything.
  tag.backTo(commits);
  await tag.guard.sweep();
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('a sweep teaches a Redis that went back to a lowering what was granted of a tag whose row is gone', async () => {
  await tag.mistypeAndLower(201n);
  const failOver = replica();
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(251n);
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('251-301');
  tag.store.database.tags.delete('orders');
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next, the deletion as well.
  tag.backTo(commits);
  await tag.guard.sweep();
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

describe('an era', () => {
  /** 1 to 50, a typo to 201 that is used, and back to 51. Resolves to how many commits there were before the typo. */
  async function lowered(): Promise<number> {
    expect(await tag.grant()).toBe('1-51');
    const commits = tag.store.database.commitCount;
    tag.byHand(201n);
    expect(await tag.grant()).toBe('201-251');
    await tag.lower(51n);
    return commits;
  }

  test('that MySQL forgot is learnt from Redis', async () => {
    tag.backTo(await lowered());
    tag.byHand(201n);
    expect(await tag.grant()).toBe('51-101');
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('NEGATIVE CONTROL: if a lowering begins none, what was handed out above repeats', async () => {
    const lowerFence = tag.fence.lower.bind(tag.fence);
    tag.fence.lower = (name, from, { to, generation }) => lowerFence(name, from, { to, generation });
    tag.backTo(await lowered());
    tag.byHand(201n);
    await tag.grant();
    expect(overlaps(tag.ranges)).not.toEqual([]);
  });

  test('keeps what was handed out above from being reached, though MySQL forgot that as well', async () => {
    tag.backTo(await lowered());
    for (let n = 0; n < 5; n++) await tag.grant();
    expect(tag.ranges.at(-1)).toEqual({ start: 151n, end: 201n });
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('NEGATIVE CONTROL: if a lowering does not note that, the counter climbs into it', async () => {
    const lowerFence = tag.fence.lower.bind(tag.fence);
    tag.fence.lower = (name, from, down) => lowerFence(name, from, { ...down, taken: undefined });
    tag.backTo(await lowered());
    for (let n = 0; n < 5; n++) await tag.grant();
    expect(overlaps(tag.ranges)).not.toEqual([]);
  });

  test('that goes on above is remembered by both, too', async () => {
    await lowered();
    await tag.store.changeTag('orders', { highestId: null });
    tag.byHand(201n);
    const commits = tag.store.database.commitCount;
    expect(await tag.grant()).toBe('251-301');
    expect(await tag.fence.read({ kind: 'tag', tag: 'orders' })).toMatchObject({ era: 2, value: 301n });
    tag.backTo(commits);
    expect(await tag.grant()).toBe('301-351');
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('does not begin where MySQL has granted meanwhile, at the operator’s own risk: one begins above', async () => {
    tag.backTo(await lowered());
    tag.byHand(51n);
    tag.fence.available = false;
    tag.segments = tag.arbiter(tag.newGuard({ allowUnswept: true }));
    expect([await tag.grant(), await tag.grant()]).toEqual(['51-101', '101-151']);
    tag.fence.available = true;
    await tag.guard.sweep();
    expect(await tag.grant()).toBe('251-301');
    expect(await tag.fence.read({ kind: 'tag', tag: 'orders' })).toMatchObject({ era: 2, value: 301n });
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});
