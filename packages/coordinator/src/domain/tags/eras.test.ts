import { beforeEach, expect, test } from '@jest/globals';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { OneTag } from '../../fakes/one-tag.ts';
import { CALM, holder, overlaps } from '../../fakes/samples.ts';
import type { Era } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';

/** Found by a reviewer: sequences around a later era that one of the stores forgot. */

let tag: OneTag;
let store: OneTag['store'];
let memory: OneTag['memory'];
let fence: OneTag['fence'];
let ranges: OneTag['ranges'];
let events: OneTag['events'];
let clock: OneTag['clock'];
let parts: OneTag['parts'];

beforeEach(async () => {
  tag = await OneTag.make();
  ({ store, memory, fence, ranges, events, clock, parts } = tag);
});

const grant = () => tag.grant();
const byHand = (nextId: bigint) => tag.byHand(nextId);
const lower = (to: bigint) => tag.lower(to);
const backTo = (commits: number) => tag.backTo(commits);
const sweeps = () => tag.sweeps();
const redisForgets = () => tag.redisForgets();

test('an era that MySQL learns covers what MySQL granted above it meanwhile, so that the fence knows that too', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const backup = store.database.commitCount;
  // The fence is lowered, and then COMMIT fails.
  const lowerFence = fence.lower.bind(fence);
  fence.lower = async (...args) => {
    await lowerFence(...args);
    store.failNext('before-commit');
  };
  await expect(lower(51n)).rejects.toMatchObject({ reason: 'commit_unclear' });
  // Redis goes away, MySQL stood by all the time.
  fence.available = false;
  expect(await grant()).toBe('251-301');
  fence.available = true;
  await sweeps();
  // A sweep that saw both has completed: MySQL may forget next.
  backTo(backup);
  await sweeps();
  await store.changeTag('orders', { highestId: null });
  byHand(251n);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('what was granted in an era below is known by one of both stores after the counter passed what is above', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const backup = store.database.commitCount;
  await lower(51n);
  expect(await grant()).toBe('51-101');
  // The limit is lifted, and the counter is set past what is taken.
  await store.changeTag('orders', { highestId: null });
  byHand(251n);
  expect(await grant()).toBe('251-301');
  await sweeps();
  // MySQL is restored; Redis never forgot anything.
  backTo(backup);
  await sweeps();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('nor without a counter that passes: it was lowered twice, the second time above', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const backup = store.database.commitCount;
  await lower(51n);
  expect(await grant()).toBe('51-101');
  await store.changeTag('orders', { highestId: null });
  byHand(901n);
  await lower(251n);
  await sweeps();
  backTo(backup);
  await sweeps();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('what an earlier attempt was told is asked again where the counter skips: another coordinator granted since', async () => {
  expect(await grant()).toBe('1-51');
  expect(await grant()).toBe('51-101');
  store.database.loseLast(1);
  // Another coordinator, with a connection of its own.
  const other = new MemoryStore(clock, store.database);
  const theirs = new SegmentArbiter({ ...parts, store: other, random: () => 0.5, rules: tag.rules });
  const withTag = store.withTag.bind(store);
  let attempts = 0;
  store.withTag = async (tag, work) => {
    if (++attempts === 2) {
      // This one is paused before its second attempt. The other grants, MySQL loses that again, and somebody sets the counter.
      const commits = store.database.commitCount;
      const range = await theirs.grant('orders', holder(2), CALM);
      ranges.push(range);
      expect(range).toEqual({ start: 101n, end: 151n });
      backTo(commits);
      byHand(201n);
    }
    return withTag(tag, work);
  };
  expect(await grant()).toBe('201-251');
  await sweeps();
  await lower(101n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

/**
 * What the migrations leave of the era of a tag that an earlier release lowered. Their own tests check that they do.
 */
const MIGRATED: Era = { era: 1, taken: { start: 201n, end: 251n } };

/** A tag that an earlier release lowered, as the migration leaves it, with a fence of three numbers. */
async function loweredByAnEarlierRelease(): Promise<number> {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  const backup = store.database.commitCount;
  const row = store.database.tags.get('orders');
  if (row === undefined) throw new Error('no row');
  store.database.commit([
    () => {
      const [eras, highs] = [new Map(store.database.eras), new Map(store.database.highWaters)];
      store.database.tags.set('orders', { ...row, nextId: 51n, highestId: 200n });
      store.database.highWaters.set('orders', 51n);
      store.database.eras.set('orders', MIGRATED);
      return () => {
        store.database.tags.set('orders', row);
        store.database.eras.clear();
        for (const [tag, era] of eras) store.database.eras.set(tag, era);
        for (const [tag, high] of highs) store.database.highWaters.set(tag, high);
      };
    },
  ]);
  memory.marks.set('tag:orders', { value: 51n, committed: 51n, granted: 51n });
  await sweeps();
  return backup;
}

test('a lowering by an earlier release is known to Redis once this one has swept', async () => {
  const backup = await loweredByAnEarlierRelease();
  expect(await grant()).toBe('51-101');
  await sweeps();
  backTo(backup);
  await sweeps();
  await grant();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('and a Redis that goes back to before it leaves a tag that can be lowered, without an alarm in each full sweep', async () => {
  await loweredByAnEarlierRelease();
  expect(await grant()).toBe('51-101');
  // An old file, from before the lowering.
  memory.marks.set('tag:orders', { value: 251n, committed: 251n, granted: 251n });
  fence.incarnation += 1;
  await sweeps();
  const told = events.lost.length;
  await sweeps();
  await sweeps();
  const moved = await lower(101n).then(
    () => 'lowered',
    (error: { reason?: string }) => error.reason,
  );
  expect({ moved, again: events.lost.slice(told), next: await grant() }).toEqual({
    moved: 'to',
    again: [],
    next: '101-151',
  });
});

test('a typo that was swept and put back by hand does not end a tag for good: it can be lowered', async () => {
  await store.changeTag('orders', { highestId: 1_000_000n });
  expect(await grant()).toBe('1-51');
  byHand(9n * 10n ** 18n);
  await sweeps();
  byHand(51n);
  await sweeps();
  const said = await lower(51n).then(
    () => 'lowered',
    (error: Error) => error.message,
  );
  expect([said, await grant()]).toEqual(['lowered', '51-101']);
});

test('an era that MySQL forgot is not replaced by another one of the same number', async () => {
  expect(await grant()).toBe('1-51');
  byHand(201n);
  expect(await grant()).toBe('201-251');
  await lower(51n);
  expect(await grant()).toBe('51-101');
  byHand(151n);
  expect(await grant()).toBe('151-201');
  const backup = store.database.commitCount;
  await lower(101n);
  expect(await grant()).toBe('101-151');
  // MySQL forgets the second era; the limit is lifted, and the counter is set past what is taken.
  backTo(backup);
  await store.changeTag('orders', { highestId: null });
  byHand(251n);
  await grant();
  await sweeps();
  await lower(101n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

/** Somebody's statements, which a failover to a lagging replica loses like any other commit. */
function statement(change: () => void): void {
  const { database } = store;
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
  expect(await grant()).toBe('1-51');
  const commits = store.database.commitCount;
  expect(await grant()).toBe('51-101');
  statement(() => {
    store.database.highWaters.delete('orders');
    byHand(21n);
  });
  await redisForgets();
  backTo(commits);
  await sweeps();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});
