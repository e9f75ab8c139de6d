import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { LAYOUT_TEXT, overlaps } from '../../fakes/samples.ts';
import { FenceGuard } from '../fence-guard/fence-guard.ts';

/** Found by a reviewer: counters that are set by hand and lowered, and stores that forget around that. */

let tag: OneTag;
let store: OneTag['store'];
let memory: OneTag['memory'];
let fence: OneTag['fence'];
let guard: OneTag['guard'];
let ranges: OneTag['ranges'];

beforeEach(async () => {
  tag = await OneTag.make();
  ({ store, memory, fence, guard, ranges } = tag);
});

const grant = () => tag.grant();
const byHand = (nextId: bigint) => tag.byHand(nextId);
const lower = (to: bigint) => tag.lower(to);
const redisForgets = () => tag.redisForgets();
const failOver = (commits: number) => tag.backTo(commits);

/** Redis as it is now, for a later failover. */
function replica(): () => Promise<void> {
  const [marks, rose, { identity }] = [new Map(memory.marks), new Map(memory.rose), memory];
  return async () => {
    memory.wipe();
    for (const [key, mark] of marks) memory.marks.set(key, mark);
    for (const [key, one] of rose) memory.rose.set(key, one);
    memory.identity = identity;
    fence.incarnation += 1;
    await guard.sweep();
  };
}

test('a Redis that forgets a lowering of a counter that was mistyped twice does not take the grants below it for a gap', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  byHand(501n);
  await guard.sweep();
  for (let n = 0; n < 10; n++) await guard.sweep();
  const failOver = replica();
  await lower(51n);
  const commits = store.database.commitCount;
  expect(await grant()).toBe('51-101');
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next.
  store.database.loseLast(store.database.commitCount - commits);
  await guard.sweep();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test.each([
  ['a sweep', () => guard.sweep()],
  ['an allocation', () => grant()],
])(
  'a counter that is set by hand into what MySQL lost leaves no gap there once %s mended it',
  async (_, mend) => {
    expect(await grant()).toBe('1-51');
    byHand(201n);
    expect(await grant()).toBe('201-251');
    store.database.loseLast(1);
    byHand(226n);
    await mend();
    await guard.sweep();
    // A sweep that saw both has completed: Redis may forget next.
    memory.wipe();
    await guard.check();
    await guard.sweep();
    await lower(51n).catch(() => undefined);
    for (let n = 0; n < 5; n++) await grant();
    expect(overlaps(ranges)).toEqual([]);
  },
);

test('a sweep raises a counter that stands in what is taken to the end of what MySQL lost above that', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  await lower(51n);
  // An admin lifts the limit, and somebody sets the counter by hand.
  await store.changeTag('orders', { highestId: null });
  byHand(226n);
  expect(await grant()).toBe('251-301');
  store.database.loseLast(1);
  await guard.sweep();
  // A sweep that saw both has completed: Redis may forget next.
  await redisForgets();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('a Redis that learnt of a counter above what is taken is not mistaken for one from before the lowering', async () => {
  expect(await grant()).toBe('1-51');
  byHand(101n);
  expect(await grant()).toBe('101-151');
  await lower(51n);
  const commits = store.database.commitCount;
  expect(await grant()).toBe('51-101');
  // The gap is used up, and the counter is set past what is taken.
  byHand(151n);
  await redisForgets();
  // A sweep that saw both has completed: MySQL may forget next.
  store.database.loseLast(store.database.commitCount - commits);
  await guard.sweep();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('what a sweep taught MySQL of the numbers below is not forgotten by Redis: MySQL may lose that, too', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const lowering = store.database.commitCount;
  await lower(51n);
  expect(await grant()).toBe('51-101');
  store.database.loseLast(store.database.commitCount - lowering);
  const mending = store.database.commitCount;
  await guard.sweep();
  // A sweep that saw both has completed, and MySQL fails over again: Redis never forgot anything.
  store.database.loseLast(store.database.commitCount - mending);
  await guard.sweep();
  // And another one has, so that Redis may forget.
  await redisForgets();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('nor in what a sweep taught MySQL twice, where nothing is ever forgotten by Redis', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const lowering = store.database.commitCount;
  await lower(51n);
  expect(await grant()).toBe('51-101');
  store.database.loseLast(store.database.commitCount - lowering);
  const mending = store.database.commitCount;
  await guard.sweep();
  store.database.loseLast(store.database.commitCount - mending);
  await guard.sweep();
  // A typo above, and the numbers below.
  byHand(501n);
  await expect(lower(251n)).rejects.toThrow('the tag’s highest ID is 200');
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('a Redis that forgets a lowering whose gap is used up takes nothing in it for skipped any more', async () => {
  expect(await grant()).toBe('1-51');
  byHand(101n);
  expect(await grant()).toBe('101-151');
  const failOver = replica();
  await lower(51n);
  const commits = store.database.commitCount;
  expect(await grant()).toBe('51-101');
  // The gap is used up, and the counter is set past what is taken.
  byHand(151n);
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next. And the counter is set again.
  store.database.loseLast(store.database.commitCount - commits);
  byHand(151n);
  await guard.sweep();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('a counter that was lowered to the end of what is taken, and a MySQL that forgets that', async () => {
  expect(await grant()).toBe('1-51');
  byHand(101n);
  expect(await grant()).toBe('101-151');
  await lower(51n);
  const commits = store.database.commitCount;
  expect(await grant()).toBe('51-101');
  // The gap is used up, and an admin lifts the limit. A typo follows, and the operator lowers to where the refusal says.
  await store.changeTag('orders', { highestId: null });
  byHand(901n);
  await expect(lower(51n)).rejects.toThrow();
  await expect(lower(101n)).rejects.toThrow('the lowest that were not is 151');
  await lower(151n);
  // MySQL fails over, once. Redis never forgot anything.
  store.database.loseLast(store.database.commitCount - commits);
  await guard.sweep();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('a sweep teaches a Redis that went back to a lowering what was granted of a tag whose row is gone', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  await lower(51n);
  const failOver = replica();
  await store.changeTag('orders', { highestId: null });
  byHand(251n);
  const commits = store.database.commitCount;
  expect(await grant()).toBe('251-301');
  store.database.tags.delete('orders');
  await failOver();
  // A sweep that saw both has completed: MySQL may forget next, the deletion as well.
  store.database.loseLast(store.database.commitCount - commits);
  await guard.sweep();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

describe('an era', () => {
  /** 1 to 50, a typo to 201 that is used, and back to 51. Resolves to how many commits there were before the typo. */
  async function lowered(): Promise<number> {
    expect(await grant()).toBe('1-51');
    const commits = store.database.commitCount;
    byHand(201n);
    expect(await grant()).toBe('201-251');
    await lower(51n);
    return commits;
  }

  test('that MySQL forgot is learnt from Redis', async () => {
    failOver(await lowered());
    byHand(201n);
    expect(await grant()).toBe('51-101');
    expect(overlaps(ranges)).toEqual([]);
  });

  test('NEGATIVE CONTROL: if a lowering begins none, what was handed out above repeats', async () => {
    const lowerFence = fence.lower.bind(fence);
    fence.lower = (name, from, { to, generation }) => lowerFence(name, from, { to, generation });
    failOver(await lowered());
    byHand(201n);
    await grant();
    expect(overlaps(ranges)).not.toEqual([]);
  });

  test('keeps what was handed out above from being reached, though MySQL forgot that as well', async () => {
    failOver(await lowered());
    for (let n = 0; n < 5; n++) await grant();
    expect(ranges.at(-1)).toEqual({ start: 151n, end: 201n });
    expect(overlaps(ranges)).toEqual([]);
  });

  test('NEGATIVE CONTROL: if a lowering does not note that, the counter climbs into it', async () => {
    const lowerFence = fence.lower.bind(fence);
    fence.lower = (name, from, down) => lowerFence(name, from, { ...down, taken: undefined });
    failOver(await lowered());
    for (let n = 0; n < 5; n++) await grant();
    expect(overlaps(ranges)).not.toEqual([]);
  });

  test('that goes on above is remembered by both, too', async () => {
    await lowered();
    await store.changeTag('orders', { highestId: null });
    byHand(201n);
    const commits = store.database.commitCount;
    expect(await grant()).toBe('251-301');
    expect(await fence.read({ kind: 'tag', tag: 'orders' })).toMatchObject({ era: 2, value: 301n });
    failOver(commits);
    expect(await grant()).toBe('301-351');
    expect(overlaps(ranges)).toEqual([]);
  });

  test('does not begin where MySQL has granted meanwhile, at the operator’s own risk: one begins above', async () => {
    failOver(await lowered());
    byHand(51n);
    fence.available = false;
    const rules = { ...tag.parts, layout: LAYOUT_TEXT, newGeneration: () => 'g', allowUnswept: true };
    tag.segments = tag.arbiter(new FenceGuard(rules));
    expect([await grant(), await grant()]).toEqual(['51-101', '101-151']);
    fence.available = true;
    await guard.sweep();
    expect(await grant()).toBe('251-301');
    expect(await fence.read({ kind: 'tag', tag: 'orders' })).toMatchObject({ era: 2, value: 301n });
    expect(overlaps(ranges)).toEqual([]);
  });
});
