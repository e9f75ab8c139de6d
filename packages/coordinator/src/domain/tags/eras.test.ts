import { beforeEach, expect, test } from '@jest/globals';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { OneTag } from '../../fakes/one-tag.ts';
import { CALM, holder, overlaps } from '../../fakes/samples.ts';
import type { Era } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';

/** Found by a reviewer: sequences around a later era that one of the stores forgot. */

let tag: OneTag;

beforeEach(async () => {
  tag = await OneTag.make(50);
});

test('an era that MySQL learns covers what MySQL granted above it meanwhile, so that the fence knows that too', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const backup = tag.store.database.commitCount;
  // The fence is lowered, and then COMMIT fails.
  const lowerFence = tag.fence.lower.bind(tag.fence);
  tag.fence.lower = async (...args) => {
    await lowerFence(...args);
    tag.store.failNext('before-commit');
  };
  await expect(tag.lower(51n)).rejects.toMatchObject({ reason: 'commit_unclear' });
  // Redis goes away, MySQL stood by all the time.
  tag.fence.available = false;
  expect(await tag.grant()).toBe('251-301');
  tag.fence.available = true;
  await tag.sweeps();
  // A sweep that saw both has completed: MySQL may forget next.
  tag.backTo(backup);
  await tag.sweeps();
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(251n);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('what was granted in an era below is known by one of both stores after the counter passed what is above', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const backup = tag.store.database.commitCount;
  await tag.lower(51n);
  expect(await tag.grant()).toBe('51-101');
  // The limit is lifted, and the counter is set past what is taken.
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(251n);
  expect(await tag.grant()).toBe('251-301');
  await tag.sweeps();
  // MySQL is restored; Redis never forgot anything.
  tag.backTo(backup);
  await tag.sweeps();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('nor without a counter that passes: it was lowered twice, the second time above', async () => {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const backup = tag.store.database.commitCount;
  await tag.lower(51n);
  expect(await tag.grant()).toBe('51-101');
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(901n);
  await tag.lower(251n);
  await tag.sweeps();
  tag.backTo(backup);
  await tag.sweeps();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('what an earlier attempt was told is asked again where the counter skips: another coordinator granted since', async () => {
  expect(await tag.grant()).toBe('1-51');
  expect(await tag.grant()).toBe('51-101');
  tag.store.database.loseLast(1);
  // Another coordinator, with a connection of its own.
  const other = new MemoryStore(tag.clock, tag.store.database);
  const theirs = new SegmentArbiter({ ...tag.parts, store: other, random: () => 0.5, rules: tag.rules });
  const withTags = tag.store.withTags.bind(tag.store);
  let attempts = 0;
  tag.store.withTags = async (names, work) => {
    if (++attempts === 2) {
      // This one is paused before its second attempt. The other grants, MySQL loses that again, and somebody sets the counter.
      const commits = tag.store.database.commitCount;
      const range = await theirs.grant('orders', holder(2), CALM);
      tag.ranges.push(range);
      expect(range).toEqual({ start: 101n, end: 151n });
      tag.backTo(commits);
      tag.byHand(201n);
    }
    return withTags(names, work);
  };
  expect(await tag.grant()).toBe('201-251');
  await tag.sweeps();
  await tag.lower(101n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

/**
 * What the migrations leave of the era of a tag that an earlier release lowered. Their own tests check that they do.
 */
const MIGRATED: Era = { era: 1, taken: { start: 201n, end: 251n } };

/** A tag that an earlier release lowered, as the migration leaves it, with a fence of three numbers. */
async function loweredByAnEarlierRelease(): Promise<number> {
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(201n);
  expect(await tag.grant()).toBe('201-251');
  const backup = tag.store.database.commitCount;
  const row = tag.store.database.tags.get('orders');
  if (row === undefined) throw new Error('no row');
  tag.store.database.commit([
    () => {
      const [eras, highs] = [new Map(tag.store.database.eras), new Map(tag.store.database.highWaters)];
      tag.store.database.tags.set('orders', { ...row, nextId: 51n, highestId: 200n });
      tag.store.database.highWaters.set('orders', 51n);
      tag.store.database.eras.set('orders', MIGRATED);
      return () => {
        tag.store.database.tags.set('orders', row);
        tag.store.database.eras.clear();
        for (const [name, era] of eras) tag.store.database.eras.set(name, era);
        for (const [name, high] of highs) tag.store.database.highWaters.set(name, high);
      };
    },
  ]);
  tag.memory.marks.set('tag:orders', { value: 51n, committed: 51n, granted: 51n });
  await tag.sweeps();
  return backup;
}

test('a lowering by an earlier release is known to Redis once this one has swept', async () => {
  const backup = await loweredByAnEarlierRelease();
  expect(await tag.grant()).toBe('51-101');
  await tag.sweeps();
  tag.backTo(backup);
  await tag.sweeps();
  await tag.grant();
  await tag.lower(51n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

test('and a Redis that goes back to before it leaves a tag that can be lowered, without an alarm in each full sweep', async () => {
  await loweredByAnEarlierRelease();
  expect(await tag.grant()).toBe('51-101');
  // An old file, from before the lowering.
  tag.memory.marks.set('tag:orders', { value: 251n, committed: 251n, granted: 251n });
  tag.fence.incarnation += 1;
  await tag.sweeps();
  const told = tag.events.lost.length;
  await tag.sweeps();
  await tag.sweeps();
  const moved = await tag.lower(101n).then(
    () => 'lowered',
    (error: { reason?: string }) => error.reason,
  );
  expect({ moved, again: tag.events.lost.slice(told), next: await tag.grant() }).toEqual({
    moved: 'to',
    again: [],
    next: '101-151',
  });
});

test('a typo that was swept and put back by hand does not end a tag for good: it can be lowered', async () => {
  await tag.store.changeTag('orders', { highestId: 1_000_000n });
  expect(await tag.grant()).toBe('1-51');
  tag.byHand(9n * 10n ** 18n);
  await tag.sweeps();
  tag.byHand(51n);
  await tag.sweeps();
  const said = await tag.lower(51n).then(
    () => 'lowered',
    (error: Error) => error.message,
  );
  expect([said, await tag.grant()]).toEqual(['lowered', '51-101']);
});

test('an era that MySQL forgot is not replaced by another one of the same number', async () => {
  await tag.mistypeAndLower(201n);
  expect(await tag.grant()).toBe('51-101');
  tag.byHand(151n);
  expect(await tag.grant()).toBe('151-201');
  const backup = tag.store.database.commitCount;
  await tag.lower(101n);
  expect(await tag.grant()).toBe('101-151');
  // MySQL forgets the second era; the limit is lifted, and the counter is set past what is taken.
  tag.backTo(backup);
  await tag.store.changeTag('orders', { highestId: null });
  tag.byHand(251n);
  await tag.grant();
  await tag.sweeps();
  await tag.lower(101n).catch(() => undefined);
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});

/** Somebody's statements, which a failover to a lagging replica loses like any other commit. */
function statement(change: () => void): void {
  const { database } = tag.store;
  database.commit([
    () => {
      const before = [new Map(database.tags), new Map(database.highWaters), new Map(database.eras)] as const;
      change();
      return () => {
        for (const [table, old] of [
          [database.tags, before[0]],
          [database.highWaters, before[1]],
          [database.eras, before[2]],
        ] as [Map<string, unknown>, Map<string, unknown>][]) {
          table.clear();
          for (const [key, value] of old) table.set(key, value);
        }
      };
    },
  ]);
}

test('a sweep teaches Redis what the ledger has above a counter that was set low, where the high-water mark is gone', async () => {
  expect(await tag.grant()).toBe('1-51');
  const commits = tag.store.database.commitCount;
  expect(await tag.grant()).toBe('51-101');
  statement(() => {
    tag.store.database.highWaters.delete('orders');
    tag.byHand(21n);
  });
  await tag.redisForgets();
  tag.backTo(commits);
  await tag.sweeps();
  await tag.grant();
  expect(overlaps(tag.ranges)).toEqual([]);
});
