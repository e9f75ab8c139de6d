import { beforeEach, describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FenceMemory, MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import {
  CALM,
  fenceMove,
  holder,
  LAYOUT_TEXT,
  newTag,
  overlaps,
  raiseOne,
  SEGMENT_RULES,
} from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import { LOST_HOLDER } from '../allocation/lost-range.ts';
import type { CounterName, Range } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { FenceGuard } from './fence-guard.ts';

const READABLE = { unreadable: 0, firstUnreadable: undefined };
const ORDERS: CounterName = { kind: 'tag', tag: 'orders' };
const MACHINE: CounterName = { kind: 'machine', machineId: 3 };
/** The commits that note that Redis was found, and the number of the sweep. */
const SWEEP_COMMITS = 2;

let clock: FakeClock;
let store: MemoryStore;
let redis: FenceMemory;
let fence: MemoryFence;
let events: RecordedEvents;
let guard: FenceGuard;
let segments: SegmentArbiter;
let made: number;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  redis = new FenceMemory();
  fence = new MemoryFence(redis);
  events = new RecordedEvents();
  made = 0;
  const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c1' };
  guard = new FenceGuard({ ...parts, layout: LAYOUT_TEXT, newGeneration: () => `g${++made}` });
  events.onFenceStrange = () => void guard.check();
  segments = new SegmentArbiter({ ...parts, unfenced: guard, random: Math.random, rules: SEGMENT_RULES });
  await store.createTag(newTag('orders'));
  await store.ensureMachineIds(0, 3);
  await guard.sweep();
  events.sweeps.length = 0;
});

async function grant(tag = 'orders'): Promise<Range> {
  const asked = segments.grant(tag, holder(1), CALM);
  await clock.advance(2_000);
  return asked;
}

async function setCeiling(to: bigint): Promise<void> {
  await store.withMachineId(3, (row) => row.advance(to, []));
}

/** As behind a proxy that exchanges servers, or after a restore into the running server: no connection tells of it. */
function loseUnnoticed(commits: number): void {
  const { incarnation } = store.database;
  store.database.loseLast(commits);
  store.database.incarnation = incarnation;
}

describe('a sweep', () => {
  test('raises the fences of tags and machine ids to their counters', async () => {
    fence.available = false;
    await grant();
    await setCeiling(5_000n);
    fence.available = true;
    expect((await fence.read(ORDERS)).value).toBe(1n);
    expect(await guard.sweep()).toMatchObject({ extent: 'moved', counters: 5, mended: 0, ...READABLE });
    expect((await fence.read(ORDERS)).value).toBe(101n);
    redis.wipe();
    await guard.check();
    await guard.sweep();
    expect((await fence.read(MACHINE)).value).toBe(5_000n);
  });

  test('has a number that rises in both stores, and looks only at what moved, and at everything every tenth time', async () => {
    for (let n = 2; n <= 25; n++) {
      await clock.advance(120_000);
      await guard.sweep();
    }
    expect(store.database.deployment.get(1)?.sweep).toBe(25);
    expect(redis.identity).toMatchObject({ sweep: 25, sweepBefore: 24 });
    const full = events.sweeps.flatMap(({ extent }, index) => (extent === 'full' ? [index + 2] : []));
    expect(full).toEqual([10, 20]);
    expect(events.sweeps.at(-1)).toMatchObject({ extent: 'moved', counters: 0, mended: 0, ...READABLE });
  });

  test('never lowers a fence', async () => {
    await grant();
    redis.marks.set('tag:orders', { value: 9_000n, committed: 1n, granted: 101n });
    await guard.sweep();
    expect((await fence.read(ORDERS)).value).toBe(9_000n);
    expect(await store.findTag('orders')).toMatchObject({ nextId: 101n });
  });

  test('that another coordinator is at is left to it, and so is one while Redis is away', async () => {
    const alone = new FenceGuard({
      store,
      fence,
      clock,
      events,
      coordinatorId: 'c2',
      layout: LAYOUT_TEXT,
      newGeneration: () => 'x',
      locks: { acquire: async () => undefined },
    });
    expect(await alone.sweep()).toBeUndefined();
    fence.available = false;
    expect(await guard.sweep()).toBeUndefined();
    expect(store.database.deployment.get(1)?.sweep).toBe(1);
  });
});

describe('a Redis that was wiped', () => {
  test('is noticed by the next allocation, introduced again, and swept at once', async () => {
    const first = await grant();
    await setCeiling(5_000n);
    await guard.sweep();
    redis.wipe();
    const second = await grant();
    expect(second.start).toBe(first.end);
    expect(events.strangers).toBe(1);
    expect(events.introduced).toEqual(['g1']);
    expect((await fence.read(MACHINE)).value).toBe(5_000n);
    expect(redis.identity?.sweep).toBe(store.database.deployment.get(1)?.sweep);
  });

  /** Its fences are gone, and then MySQL loses the one grant. */
  async function wipedThenForgotten(sweeps: () => Promise<unknown>): Promise<Range[]> {
    const ranges = [await grant()];
    const row = store.database.tags.get('orders');
    const before = { ...row, nextId: 1n } as typeof row;
    redis.marks.clear();
    redis.rose.clear();
    await sweeps();
    if (before !== undefined) store.database.tags.set('orders', before);
    store.database.highWaters.clear();
    store.database.ledger.clear();
    ranges.push(await grant());
    return ranges;
  }

  test('protects again after a sweep, also when MySQL then forgets', async () => {
    expect(overlaps(await wipedThenForgotten(() => guard.sweep()))).toEqual([]);
  });

  test('NEGATIVE CONTROL: that nobody sweeps does not', async () => {
    expect(overlaps(await wipedThenForgotten(async () => undefined))).not.toEqual([]);
  });

  test('that went back to an old file is swept in full, because its number is lower', async () => {
    await grant();
    await guard.sweep();
    const old = { identity: redis.identity, marks: new Map(redis.marks) };
    await grant();
    await clock.advance(600_000);
    await guard.sweep();
    redis.identity = old.identity;
    redis.marks.clear();
    for (const [key, mark] of old.marks) redis.marks.set(key, mark);
    await guard.check();
    await guard.sweep();
    expect(events.sweeps.at(-1)?.extent).toBe('full');
    expect((await fence.read(ORDERS)).value).toBe(201n);
  });
});

describe('a MySQL that lost writes', () => {
  test('is mended by the sweep: the counter stands above what was handed out, and the ledger has the lost range', async () => {
    const first = await grant();
    await guard.sweep();
    store.database.loseLast(1 + SWEEP_COMMITS);
    await guard.sweep();
    expect(events.wentBack).toEqual([[1, 2]]);
    expect(await store.findTag('orders')).toMatchObject({ nextId: 101n });
    expect(await store.readLedger(undefined, 10)).toEqual([
      expect.objectContaining({ ...LOST_HOLDER, start: 1n, end: 101n, coordinatorId: 'c1' }),
    ]);
    expect(events.lost).toEqual([{ counter: 'orders', start: 1n, end: 101n, committed: true }]);
    redis.wipe();
    const second = await grant();
    expect(overlaps([first, second])).toEqual([]);
  });

  test('is found out by the next allocation, which enters the lost range beside its own', async () => {
    await grant();
    await grant();
    await guard.sweep();
    store.database.loseLast(3 + SWEEP_COMMITS);
    const next = await grant();
    expect(next.start).toBe(201n);
    expect(
      (await store.readLedger(undefined, 10)).map(({ start, end, agentId }) => [start, end, agentId]),
    ).toEqual([
      [1n, 201n, '(lost)'],
      [201n, 301n, 'agent-1'],
    ]);
    expect(events.lost).toEqual([{ counter: 'orders', start: 1n, end: 201n, committed: true }]);
  });

  test('is told apart from a COMMIT that failed: that is a gap, and the ledger has it all the same', async () => {
    await grant();
    store.failNext('before-commit');
    const next = await grant();
    expect(next.start).toBe(201n);
    expect(events.ahead).toHaveLength(1);
    expect(events.lost).toEqual([{ counter: 'orders', start: 101n, end: 201n, committed: false }]);
    expect((await store.readLedger(undefined, 10)).map(({ agentId }) => agentId)).toEqual([
      'agent-1',
      '(lost)',
      'agent-1',
    ]);
  });

  test('is not told where a counter was set too high by hand, swept, and put back: nothing of that was handed out', async () => {
    await grant();
    const row = store.database.tags.get('orders');
    if (row === undefined) throw new Error('no row');
    store.database.tags.set('orders', { ...row, nextId: 9_000_000n });
    redis.wipe();
    await guard.check();
    await guard.sweep();
    expect((await fence.read(ORDERS)).value).toBe(9_000_000n);
    store.database.tags.set('orders', row);
    expect((await grant()).start).toBe(9_000_000n);
    expect(events.lost).toEqual([]);
    expect((await store.readLedger(undefined, 9)).map(({ agentId }) => agentId)).not.toContain('(lost)');
  });

  test('is not entered as lost where the ledger kept all, as after an edited row', async () => {
    await grant();
    await guard.sweep();
    const row = store.database.tags.get('orders');
    if (row !== undefined) store.database.tags.set('orders', { ...row, nextId: 1n });
    store.database.highWaters.clear();
    expect((await grant()).start).toBe(101n);
    expect(events.ahead).toEqual([{ counter: 'orders', by: 100n }]);
    expect(events.lost).toEqual([]);
    expect((await store.readLedger(undefined, 10)).map(({ agentId }) => agentId)).toEqual([
      'agent-1',
      'agent-1',
    ]);
  });
});

describe('after a sweep that saw both, either may forget', () => {
  /** MySQL loses the last write; a sweep; then Redis forgets, and the tag is used again. */
  async function loseOneWrite(sweeps: () => Promise<unknown>): Promise<Range[]> {
    const ranges = [await grant(), await grant()];
    store.database.loseLast(1);
    await sweeps();
    redis.wipe();
    await guard.check();
    ranges.push(await grant());
    return ranges;
  }

  test('one lost write is found by the next sweep, told and entered, and does not repeat', async () => {
    expect(overlaps(await loseOneWrite(() => guard.sweep()))).toEqual([]);
    expect(events.lost).toEqual([{ counter: 'orders', start: 101n, end: 201n, committed: true }]);
    expect(events.wentBack).toEqual([]);
    expect((await store.readLedger(undefined, 10)).map(({ agentId }) => agentId)).toContain('(lost)');
  });

  test('although nobody said that it was committed', async () => {
    fence.confirm = () => undefined;
    expect(overlaps(await loseOneWrite(() => guard.sweep()))).toEqual([]);
    expect(events.lost).toEqual([{ counter: 'orders', start: 101n, end: 201n, committed: false }]);
  });

  test('although its ledger row is not young any more: Redis tells what rose', async () => {
    await grant();
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await clock.advance(600_000);
      await guard.sweep();
    }
    await grant();
    loseUnnoticed(1);
    await clock.advance(600_000);
    const report = await guard.sweep();
    expect(report).toMatchObject({ extent: 'moved', mended: 1 });
    expect(await store.findTag('orders')).toMatchObject({ nextId: 201n });
  });

  test('NEGATIVE CONTROL: a sweep that asks the ledger alone does not see it', async () => {
    await grant();
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await clock.advance(600_000);
      await guard.sweep();
    }
    await grant();
    loseUnnoticed(1);
    await clock.advance(600_000);
    fence.counters = async function* () {};
    const report = await guard.sweep();
    expect(report).toMatchObject({ extent: 'moved', mended: 0 });
    expect(await store.findTag('orders')).toMatchObject({ nextId: 101n });
  });

  test('NEGATIVE CONTROL: without that sweep it repeats', async () => {
    expect(overlaps(await loseOneWrite(async () => undefined))).not.toEqual([]);
  });

  test('a window of time does not repeat either', async () => {
    await setCeiling(1_000n);
    await guard.sweep();
    await raiseOne(fence, MACHINE, fenceMove(1_000n, 5_000n));
    await guard.sweep();
    redis.wipe();
    await store.withMachineId(3, async ({ value }) => expect(value).toBe(5_000n));
  });

  test('a tag that MySQL lost altogether starts above when it is made again', async () => {
    const ranges = [await grant()];
    // Apart from the machine ids' rows, the tag itself is the last commit but one.
    store.database.loseLast(store.database.commitCount);
    await guard.sweep();
    expect(await store.findTag('orders')).toBeUndefined();
    redis.wipe();
    await guard.check();
    await store.createTag(newTag('orders'));
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
  });

  test('a COMMIT that is under way when the fence is swept is waited for, and costs nothing', async () => {
    const held = Promise.withResolvers<void>();
    store.beforeCommit = () => held.promise;
    const asked = segments.grant('orders', holder(1), CALM);
    await clock.advance(1);
    store.beforeCommit = async () => undefined;
    const swept = guard.sweep();
    held.resolve();
    expect(await asked).toEqual({ start: 1n, end: 101n });
    expect(await swept).toMatchObject({ mended: 0 });
    expect((await grant()).start).toBe(101n);
  });

  test('a sweep in whose middle another MySQL answers does not count', async () => {
    const { finishSweep } = store;
    store.finishSweep = async (...args) => {
      store.database.replaced();
      return finishSweep.apply(store, args);
    };
    await expect(guard.sweep()).rejects.toMatchObject({ reason: 'sweep_overtaken' });
    expect(redis.identity?.sweep).toBe(1);
    store.finishSweep = finishSweep;
    expect(await guard.sweep()).toMatchObject({ extent: 'full' });
  });

  test('a sweep in whose middle a backup is loaded into the running MySQL does not count', async () => {
    const lost = await grant();
    loseUnnoticed(1);
    const { finishSweep } = store;
    const restored = store.database.commitCount;
    store.finishSweep = async (...args) => {
      // The same backup again: what the sweep mended is gone once more, and its number is back at the one before.
      loseUnnoticed(store.database.commitCount - restored);
      return finishSweep.apply(store, args);
    };
    await expect(guard.sweep()).rejects.toMatchObject({ reason: 'sweep_overtaken' });
    store.finishSweep = finishSweep;
    expect(await guard.sweep()).toMatchObject({ mended: 1 });
    redis.wipe();
    await guard.check();
    expect(overlaps([lost, await grant()])).toEqual([]);
  });
});

describe('while Redis is away', () => {
  /** MySQL loses a write that only Redis remembers, and Redis does not answer when the tag is used next. */
  async function loseWhileAway(strike: () => void): Promise<Range[]> {
    const ranges = [await grant()];
    fence.available = false;
    strike();
    await grant().then(
      (range) => ranges.push(range),
      () => undefined,
    );
    return ranges;
  }

  test.each([
    ['was exchanged or restarted', () => store.database.loseLast(1)],
    [
      'was restored in place',
      () => {
        const row = store.database.deployment.get(1);
        if (row === undefined) throw new Error('no row');
        loseUnnoticed(1);
        store.database.deployment.set(1, { ...row, confirmedAtMs: row.confirmedAtMs - 1 });
      },
    ],
  ])('nothing goes unfenced if MySQL %s since the last sweep, until one saw both', async (_how, strike) => {
    const ranges = await loseWhileAway(strike);
    expect(events.unfencedRefusals).toContain('orders');
    fence.available = true;
    await guard.check();
    await guard.sweep();
    fence.available = false;
    ranges.push(await grant());
    expect(overlaps(ranges)).toEqual([]);
    expect(events.unfencedCounters).toEqual(['orders']);
  });

  test('ranges go on unfenced if MySQL stood by all the time', async () => {
    expect(await loseWhileAway(() => undefined)).toEqual([
      { start: 1n, end: 101n },
      { start: 101n, end: 201n },
    ]);
  });

  test('a coordinator that has not swept yet grants nothing', async () => {
    const fresh = new FenceGuard({
      store,
      fence,
      locks: noLocks,
      clock,
      events,
      coordinatorId: 'c2',
      layout: LAYOUT_TEXT,
      newGeneration: () => 'x',
    });
    fence.available = false;
    await fresh.start();
    await fresh.stop();
    expect(fresh.unfencedRefusal()).toBe('unswept');
  });

  test('NEGATIVE CONTROL: allowed at the operator’s own risk, the lost write repeats', async () => {
    const risky = new FenceGuard({
      store,
      fence,
      locks: noLocks,
      clock,
      events,
      coordinatorId: 'c1',
      allowUnswept: true,
      layout: LAYOUT_TEXT,
      newGeneration: () => 'x',
    });
    const parts = { store, fence, locks: noLocks, clock, events, coordinatorId: 'c1' };
    segments = new SegmentArbiter({ ...parts, unfenced: risky, random: Math.random, rules: SEGMENT_RULES });
    expect(overlaps(await loseWhileAway(() => store.database.loseLast(1)))).not.toEqual([]);
  });
});

describe('a Redis that was found anew', () => {
  test('is swept with the next look if the sweep that followed could not be finished', async () => {
    const { finishSweep } = fence;
    fence.finishSweep = async () => {
      fence.incarnation += 1;
      throw new LeafcutterError('STORE_UNAVAILABLE', 'The connection broke.', { reason: 'redis' });
    };
    await expect(guard.sweep()).rejects.toMatchObject({ reason: 'redis' });
    fence.finishSweep = finishSweep;
    await guard.check();
    await clock.advance(1);
    expect(redis.identity?.sweep).toBe(store.database.deployment.get(1)?.sweep);
    fence.incarnation += 1;
    await guard.check();
    await clock.advance(1);
    expect(events.sweeps).toHaveLength(2);
    expect(guard.unfencedRefusal()).toBeUndefined();
  });
});
