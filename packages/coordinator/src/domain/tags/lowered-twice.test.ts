import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, overlaps, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Range } from '../allocation/range.ts';
import { FenceGuard } from '../fence-guard/fence-guard.ts';
import { audit } from '../ledger/audit.ts';
import { prune } from '../ledger/prune.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { lowerCounter } from './lower-counter.ts';

/** Found by a reviewer: what was granted below a lowered counter, and how the stores forget it. */

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let events: RecordedEvents;
let segments: SegmentArbiter;
let guard: FenceGuard;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  fence = new MemoryFence(new FenceMemory());
  events = new RecordedEvents();
  const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c1' };
  guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => `g${generation++}` });
  const rules = { ...SEGMENT_RULES, adaptiveStep: false };
  segments = new SegmentArbiter({ ...parts, unfenced: guard, random: Math.random, rules });
  await store.createTag(newTag('orders'));
  await guard.sweep();
});

let generation = 1;

async function grant(): Promise<Range> {
  const asked = segments.grant('orders', holder(1), CALM);
  asked.catch(() => undefined);
  await clock.advance(2_000);
  return asked;
}

async function drain(most: number): Promise<Range[]> {
  const ranges: Range[] = [];
  for (let n = 0; n < most; n++) {
    const range = await grant().catch(() => undefined);
    if (range === undefined) return ranges;
    ranges.push(range);
  }
  return ranges;
}

/** An operator's UPDATE leaf_alloc SET max_id. */
function setByHand(nextId: bigint): void {
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId });
}

const lower = (to: bigint, force = false) =>
  lowerCounter({ store, fence, events, coordinatorId: 'c1' }, 'orders', to, force);

async function redisForgets(): Promise<void> {
  fence.memory.wipe();
  await guard.check();
  await guard.sweep();
}

describe('a counter that is lowered again to where it was lowered before', () => {
  test('B1: MySQL forgot the lowering while it stood inside what is taken, and a sweep mended that', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant(), await grant());
    await lower(101n);
    ranges.push(await grant());
    // The second grant above, the lowering, and the grant below.
    store.database.loseLast(3);
    await guard.sweep();
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B2: MySQL forgot the lowering, and no sweep was quicker', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant());
    store.database.loseLast(2);
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B3: MySQL forgot the lowering, an allocation went on above before the sweep, and Redis forgot after it', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant());
    store.database.loseLast(2);
    ranges.push(await grant());
    await guard.sweep();
    await redisForgets();
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B4: MySQL lost what was granted below, a typo followed, and no sweep was quicker', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant(), await grant());
    store.database.loseLast(1);
    setByHand(401n);
    await lower(201n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B5: never lowered: MySQL lost a grant, a typo went above before the sweep, and Redis forgot after it', async () => {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    setByHand(1_001n);
    ranges.push(await grant());
    await guard.sweep();
    await redisForgets();
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B6: into the middle of what an earlier lowering left above', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    const { commitCount } = store.database;
    await lower(101n);
    ranges.push(await grant());
    setByHand(301n);
    ranges.push(await grant());
    await lower(201n, true);
    store.database.loseLast(store.database.commitCount - commitCount);
    await guard.sweep();
    await redisForgets();
    await lower(302n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });

  test('B7: Redis forgot the lowering, a sweep ended, then MySQL forgot it, too', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    const marks = new Map(fence.memory.marks);
    const { commitCount } = store.database;
    await lower(101n);
    ranges.push(await grant());
    // Promotes a replica that had not heard of the lowering and what came after it.
    fence.memory.marks.clear();
    for (const [key, mark] of marks) fence.memory.marks.set(key, mark);
    store.database.incarnation += 1;
    await guard.sweep();
    store.database.loseLast(store.database.commitCount - commitCount);
    await lower(101n).catch(() => undefined);
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('what is no loss', () => {
  test('B8: a lowered tag that used its gap up is not taken for a MySQL that lost writes', async () => {
    await grant();
    setByHand(201n);
    await grant();
    await lower(101n);
    await grant();
    await guard.sweep();
    expect(events.lost).toEqual([]);
  });

  test('B9: the audit says nothing of what a mended MySQL has above a counter', async () => {
    await grant();
    setByHand(501n);
    await grant();
    await lower(101n);
    store.database.loseLast(2);
    setByHand(101n);
    await guard.sweep();
    expect((await audit(store, fence)).violations).toEqual([]);
  });
});

describe('what heals', () => {
  test('B10: a Redis that forgot the lowering does not end the tag', async () => {
    const ranges = [await grant()];
    setByHand(501n);
    ranges.push(await grant());
    const marks = new Map(fence.memory.marks);
    await lower(101n);
    ranges.push(await grant());
    fence.memory.marks.clear();
    for (const [key, mark] of marks) fence.memory.marks.set(key, mark);
    await guard.sweep();
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('wrong clocks', () => {
  test('B11: what was granted unfenced while the database’s clock was behind is swept when Redis is back', async () => {
    const ranges = [await grant()];
    for (let n = 0; n < 3; n++) {
      await clock.advance(120_000);
      await guard.sweep();
    }
    fence.available = false;
    clock.jump(-300_000);
    ranges.push(await grant());
    clock.jump(300_000);
    fence.available = true;
    fence.incarnation += 1;
    const { commitCount } = store.database;
    await guard.sweep();
    expect(events.sweeps.at(-1)?.extent).toBe('moved');
    // The unfenced grant and the sweep.
    store.database.loseLast(store.database.commitCount - commitCount + 1);
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('zones of the past', () => {
  test('B12: a zone that the counter has passed is not put together with one above it', async () => {
    const ranges = [await grant()];
    setByHand(201n);
    ranges.push(await grant());
    await lower(101n);
    ranges.push(await grant());
    await store.changeTag('orders', { highestId: null });
    ranges.push(await grant());
    expect(ranges.at(-1)?.start).toBe(301n);
    setByHand(9_223_372_036_854_775_700n);
    ranges.push(await grant());
    await lower(401n);
    ranges.push(await grant());
    // The last grant, the lowering, and the grant above.
    store.database.loseLast(3);
    setByHand(501n);
    await guard.sweep();
    expect(await grant()).toEqual({ start: 501n, end: 601n });
  });

  test('B13: a gap that was used up and pruned together with what is above it is no violation', async () => {
    await grant();
    setByHand(201n);
    await grant();
    await lower(101n);
    await grant();
    await clock.advance(10_000);
    await prune(store, 1_000);
    expect((await audit(store, fence)).violations).toEqual([]);
  });

  test('B14: a group that meets the end of a gap tells nobody that the tag has no more', async () => {
    await grant();
    setByHand(201n);
    await grant();
    await lower(101n);
    await store.changeTag('orders', { highestId: null, step: 60 });
    const both = Promise.allSettled([grant(), grant(), grant()]);
    expect((await both).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });
});

describe('a tag that is deleted by hand', () => {
  test('B15: between the page of a sweep and the mending of it, is remembered all the same', async () => {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    const sweep = fence.sweep.bind(fence);
    fence.sweep = async (...args) => {
      const swept = await sweep(...args);
      store.database.tags.delete('orders');
      return swept;
    };
    await guard.sweep().catch(() => guard.sweep());
    fence.sweep = sweep;
    await redisForgets();
    await store.createTag(newTag('orders'));
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('a lowered tag whose row is deleted by hand', () => {
  test('B18: has what it handed out while Redis was away told to Redis', async () => {
    const ranges = [await grant()];
    setByHand(401n);
    ranges.push(await grant());
    await lower(101n);
    fence.available = false;
    const { commitCount } = store.database;
    ranges.push(await grant());
    fence.available = true;
    const row = store.database.tags.get('orders');
    store.database.tags.delete('orders');
    await guard.sweep();
    // Back to before the unfenced grant: the row stands there again.
    if (row !== undefined) store.database.tags.set('orders', row);
    store.database.loseLast(store.database.commitCount - commitCount);
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('a row that is set above by hand', () => {
  test('B17: does not hide from a sweep what the ledger lost', async () => {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    setByHand(701n);
    await guard.sweep();
    store.database.tags.delete('orders');
    await redisForgets();
    await store.createTag(newTag('orders'));
    ranges.push(...(await drain(3)));
    expect(overlaps(ranges)).toEqual([]);
  });
});

describe('a coordinator that was just started', () => {
  test('B16: looks at all counters: a replica that applies in parallel lost a write and kept the sweep after it', async () => {
    const ranges = [await grant(), await grant()];
    for (let n = 0; n < 3; n++) {
      await clock.advance(120_000);
      await guard.sweep();
    }
    // The row and its ledger entry go back to before the second grant; everything later stays.
    const row = store.database.tags.get('orders');
    if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 101n });
    store.database.highWaters.set('orders', 101n);
    store.database.ledger.delete(['t', 'orders', 101n].join('\n'));
    store.database.incarnation += 1;
    // All coordinators were on the host that failed.
    const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c2' };
    guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => 'g0' });
    await guard.sweep();
    await redisForgets();
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });
});
