import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryDatabase } from '../../fakes/memory-database.ts';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import {
  CALM,
  holder,
  newTag,
  overlaps,
  SAMPLE_DEPLOYMENT,
  SEGMENT_RULES,
  SWEPT,
} from '../../fakes/samples.ts';
import { AgreeableFence, TrustingFence, TrustingStore, UnlockedDatabase } from '../../fakes/unguarded.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Fence } from '../allocation/fence.ts';
import type { Range } from '../allocation/range.ts';
import { audit } from '../ledger/audit.ts';
import { SegmentArbiter } from './segments.ts';

/** Each scenario is a function of the part that guards it. It runs once with the guard and once without. */

let clock: FakeClock;
let events: RecordedEvents;

beforeEach(() => {
  clock = new FakeClock();
  events = new RecordedEvents();
});

function arbiter(store: MemoryStore, fence: Fence | undefined, coordinatorId = 'c1'): SegmentArbiter {
  return new SegmentArbiter({
    store,
    fence,
    unfenced: SWEPT,
    locks: noLocks,
    clock,
    random: Math.random,
    rules: SEGMENT_RULES,
    events,
    coordinatorId,
  });
}

async function withOrders<S extends MemoryStore>(store: S): Promise<S> {
  await store.createTag(newTag('orders'));
  return store;
}

/** Grants one segment, letting retries take their time. */
async function grant(segments: SegmentArbiter, n = 1): Promise<Range> {
  const granted = segments.grant('orders', holder(n), CALM);
  granted.catch(() => undefined);
  await clock.advance(1_000);
  return granted;
}

describe('two coordinators on one database', () => {
  async function raceOf(database: MemoryDatabase, fence: Fence | undefined): Promise<Range[]> {
    const stores = [new MemoryStore(clock, database), new MemoryStore(clock, database)] as const;
    await withOrders(stores[0]);
    const coordinators = stores.map((store, n) => arbiter(store, fence, `c${n}`));
    return await Promise.all(
      [1, 2, 3, 4].flatMap((n) => coordinators.map((one) => one.grant('orders', holder(n), CALM))),
    );
  }

  test('never allocate one number twice, with or without a fence', async () => {
    expect(overlaps(await raceOf(new MemoryDatabase(), new MemoryFence()))).toEqual([]);
    expect(overlaps(await raceOf(new MemoryDatabase(), undefined))).toEqual([]);
  });

  test('are kept apart by the fence alone where the row lock does not hold', async () => {
    expect(overlaps(await raceOf(new UnlockedDatabase(), new MemoryFence()))).toEqual([]);
  });

  test('NEGATIVE CONTROL: without row lock and fence they do', async () => {
    expect(overlaps(await raceOf(new UnlockedDatabase(), undefined))).not.toEqual([]);
  });
});

describe('a database that lost its last commits', () => {
  async function failoverWith(
    fence: Fence,
    redisForgets: () => Promise<void> = async () => undefined,
  ): Promise<{ ranges: Range[]; store: MemoryStore }> {
    const store = await withOrders(new MemoryStore(clock));
    const segments = arbiter(store, fence);
    const before = [await grant(segments), await grant(segments)];
    store.database.loseLast(2);
    await redisForgets();
    return { ranges: [...before, await grant(segments)], store };
  }

  test('does not hand their numbers out again, and the fence tells by how much it was ahead', async () => {
    const { ranges, store } = await failoverWith(new MemoryFence());
    expect(overlaps(ranges)).toEqual([]);
    expect(ranges[2]).toEqual({ start: 201n, end: 301n });
    expect(events.ahead).toEqual([{ counter: 'orders', by: 200n }]);
    expect((await audit(store, undefined)).violations).toEqual([]);
  });

  test('NEGATIVE CONTROL: with a fence that always agrees it does', async () => {
    expect(overlaps((await failoverWith(new AgreeableFence())).ranges)).not.toEqual([]);
  });

  test('NEGATIVE CONTROL: with a fence that was wiped it does, as I1 says', async () => {
    const fence = new MemoryFence();
    const { ranges } = await failoverWith(fence, async () => {
      fence.memory.wipe();
      await fence.introduce(SAMPLE_DEPLOYMENT.identity);
    });
    expect(overlaps(ranges)).not.toEqual([]);
  });
});

describe('a COMMIT without an answer', () => {
  test.each(['before-commit', 'after-commit'] as const)('(lost %s) throws its range away', async (fault) => {
    const fence = new MemoryFence();
    const store = await withOrders(new MemoryStore(clock));
    const segments = arbiter(store, fence);
    store.failNext(fault);
    expect(await grant(segments)).toEqual({ start: 101n, end: 201n });
    expect(await grant(segments)).toEqual({ start: 201n, end: 301n });
    expect(clock.pending).toBe(0);
  });

  test('that happened after all is in the ledger, and its range with nobody', async () => {
    const store = await withOrders(new MemoryStore(clock));
    store.failNext('after-commit');
    const granted = await grant(arbiter(store, undefined));
    const starts = (await store.readLedger(undefined, 10)).map(({ start }) => start);
    expect({ granted: granted.start, starts }).toEqual({ granted: 101n, starts: [1n, 101n] });
  });

  test('that stays away six times is refused', async () => {
    const store = await withOrders(new MemoryStore(clock));
    for (let i = 0; i < 6; i++) store.failNext('before-commit');
    await expect(grant(arbiter(store, undefined))).rejects.toMatchObject({ reason: 'commit_unclear' });
  });

  async function unclearCommit(store: MemoryStore): Promise<Range[]> {
    await withOrders(store);
    const segments = arbiter(store, undefined);
    store.failNext('before-commit');
    return [await grant(segments), await grant(segments)];
  }

  test('never makes one number two agents’, even without a fence', async () => {
    expect(overlaps(await unclearCommit(new MemoryStore(clock)))).toEqual([]);
  });

  test('NEGATIVE CONTROL: taken for a success, it does', async () => {
    expect(overlaps(await unclearCommit(new TrustingStore(clock)))).not.toEqual([]);
  });
});

describe('a fence without an answer', () => {
  test.each([
    ['before-raise', 1n],
    ['after-raise', 101n],
  ] as const)('(lost %s) throws its range away', async (fault, start) => {
    const fence = new MemoryFence();
    const segments = arbiter(await withOrders(new MemoryStore(clock)), fence);
    fence.failNext(fault);
    expect(await grant(segments)).toEqual({ start, end: start + 100n });
  });

  async function unansweredThenForgotten(fence: MemoryFence): Promise<Range[]> {
    const store = await withOrders(new MemoryStore(clock));
    const segments = arbiter(store, fence);
    fence.failNext('before-raise');
    const first = await grant(segments);
    store.database.loseLast(1);
    return [first, await grant(segments)];
  }

  test('is asked again, so that it stands above all that was handed out', async () => {
    expect(overlaps(await unansweredThenForgotten(new MemoryFence()))).toEqual([]);
  });

  test('NEGATIVE CONTROL: taken for an agreement, it repeats what the database forgot', async () => {
    expect(overlaps(await unansweredThenForgotten(new TrustingFence()))).not.toEqual([]);
  });
});

describe('a Redis that is away', () => {
  test('lets segments be allocated by the counter alone, counted, and fences them again when it is back', async () => {
    const fence = new MemoryFence();
    const store = await withOrders(new MemoryStore(clock));
    const segments = arbiter(store, fence);
    const ranges = [await grant(segments)];
    fence.available = false;
    ranges.push(await grant(segments), await grant(segments));
    expect(events.unfencedCounters).toEqual(['orders', 'orders']);
    fence.available = true;
    ranges.push(await grant(segments));
    expect(overlaps(ranges)).toEqual([]);
    expect(events.ahead).toEqual([]);
    expect((await fence.read({ kind: 'tag', tag: 'orders' })).value).toBe(401n);
  });
});

test('a connection lost before anything happened is tried again at once', async () => {
  const store = await withOrders(new MemoryStore(clock));
  store.failNext('begin');
  expect(await grant(arbiter(store, new MemoryFence()))).toEqual({ start: 1n, end: 101n });
});
