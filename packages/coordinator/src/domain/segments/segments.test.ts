import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, fenceMove, holder, newTag, overlaps, raiseOne, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import { SegmentArbiter } from './segments.ts';

type Parts = ConstructorParameters<typeof SegmentArbiter>[0];

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let events: RecordedEvents;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  fence = new MemoryFence();
  events = new RecordedEvents();
  await store.createTag(newTag('orders'));
});

function arbiter(own: Partial<Parts> = {}): SegmentArbiter {
  return new SegmentArbiter({
    store,
    fence,
    locks: noLocks,
    clock,
    random: Math.random,
    rules: SEGMENT_RULES,
    events,
    coordinatorId: 'c1',
    ...own,
  });
}

/** Holds the next transaction open at its COMMIT until the returned function is called. */
function holdCommit(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.beforeCommit = async () => {
    store.beforeCommit = async () => undefined;
    await promise;
  };
  return resolve;
}

/** Asks for `count` segments at once while one transaction is open, and then lets that end. */
async function askTogether(segments: SegmentArbiter, count: number) {
  const release = holdCommit();
  const first = segments.grant('orders', holder(0), CALM);
  await settle();
  const others = Array.from({ length: count }, (_, index) =>
    segments.grant('orders', holder(index + 1), CALM),
  );
  release();
  return { first: await first, others: await Promise.allSettled(others) };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a segment', () => {
  test('of a fresh tag starts at 1 and holds the base step', async () => {
    expect(await arbiter().grant('orders', holder(1), CALM)).toEqual({ start: 1n, end: 101n });
  });

  test('stands in the ledger with its holder, coordinator and the database’s time', async () => {
    await arbiter().grant('orders', holder(1), CALM);
    expect(await store.readLedger(undefined, 10)).toEqual([
      {
        counter: { kind: 'tag', tag: 'orders' },
        start: 1n,
        end: 101n,
        ...holder(1),
        coordinatorId: 'c1',
        grantedAtMs: clock.now(),
      },
    ]);
  });

  test('follows the agent’s demand up to the tag’s own max step', async () => {
    await store.changeTag('orders', { maxStep: 5_000 });
    const demand = { ratePerSecond: 1_000, waitingIds: 1, blockIds: 0 };
    expect(await arbiter().grant('orders', holder(1), demand)).toEqual({ start: 1n, end: 5_001n });
  });

  test('lasts the tag’s own target duration', async () => {
    await store.changeTag('orders', { targetDurationS: 2 });
    const demand = { ratePerSecond: 1_000, waitingIds: 1, blockIds: 0 };
    expect(await arbiter().grant('orders', holder(1), demand)).toEqual({ start: 1n, end: 2_001n });
  });

  test('has the base step whatever the demand where steps are not adaptive', async () => {
    const segments = arbiter({ rules: { ...SEGMENT_RULES, adaptiveStep: false } });
    const demand = { ratePerSecond: 1_000, waitingIds: 1, blockIds: 0 };
    expect(await segments.grant('orders', holder(1), demand)).toEqual({ start: 1n, end: 101n });
  });

  test('an adapted step is never written back', async () => {
    await arbiter().grant('orders', holder(1), { ratePerSecond: 1_000, waitingIds: 1, blockIds: 0 });
    expect(await store.findTag('orders')).toMatchObject({ step: 100 });
  });
});

describe('requests that wait while one is served', () => {
  test('are served together: one transaction, one question to the fence, disjoint segments', async () => {
    const { first, others } = await askTogether(arbiter(), 10);
    const granted = others.map((other) =>
      other.status === 'fulfilled' ? other.value : { start: 0n, end: 0n },
    );
    expect(granted).toEqual(
      granted.map((_, i) => ({ start: 101n + 100n * BigInt(i), end: 201n + 100n * BigInt(i) })),
    );
    expect(overlaps([first, ...granted])).toEqual([]);
    expect(store.transactions).toBe(1 + 2);
    expect(fence.raises).toBe(2);
    expect(events.groups).toEqual([
      { tag: 'orders', requests: 1, ids: 100n },
      { tag: 'orders', requests: 10, ids: 1_000n },
    ]);
  });

  test('each stand in the ledger as who they are', async () => {
    await askTogether(arbiter(), 3);
    const ledger = await store.readLedger(undefined, 10);
    expect(ledger.map((entry) => [entry.start, entry.agentId])).toEqual([
      [1n, 'agent-0'],
      [101n, 'agent-1'],
      [201n, 'agent-2'],
      [301n, 'agent-3'],
    ]);
  });

  test('go 64 at a time, so that one transaction stays short', async () => {
    await askTogether(arbiter(), 100);
    expect(events.groups.map(({ requests }) => requests)).toEqual([1, 64, 36]);
  });

  test('go as many at a time as the rules say', async () => {
    await askTogether(arbiter({ rules: { ...SEGMENT_RULES, maxGroup: 2 } }), 5);
    expect(events.groups.map(({ requests }) => requests)).toEqual([1, 2, 2, 1]);
  });

  test('do not wait for another tag', async () => {
    await store.createTag(newTag('users'));
    const segments = arbiter();
    const release = holdCommit();
    const held = segments.grant('orders', holder(1), CALM);
    await settle();
    expect(await segments.grant('users', holder(1), CALM)).toEqual({ start: 1n, end: 101n });
    release();
    await held;
  });

  test('are refused beyond the bound of the queue, and taken again when it has emptied', async () => {
    const segments = arbiter({ rules: { ...SEGMENT_RULES, maxQueuedPerTag: 2 } });
    const release = holdCommit();
    const taken = [1, 2, 3].map((n) => segments.grant('orders', holder(n), CALM));
    expect(() => segments.grant('orders', holder(4), CALM)).toThrow(code('RATE_LIMITED'));
    expect(segments.queued).toBe(2);
    release();
    await Promise.all(taken);
    await settle();
    expect(segments.queued).toBe(0);
    expect(await segments.grant('orders', holder(4), CALM)).toEqual({ start: 301n, end: 401n });
  });

  test('are refused at their deadline while the store hangs, and what comes later is nobody’s', async () => {
    const segments = arbiter();
    const release = holdCommit();
    const served = segments.grant('orders', holder(1), CALM).catch((error: unknown) => error);
    await clock.advance(1_500);
    const waiting = segments.grant('orders', holder(2), CALM).catch((error: unknown) => error);
    await clock.advance(500);
    expect(await served).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'deadline' });
    await clock.advance(1_500);
    expect(await waiting).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'deadline' });
    release();
    await settle();
    expect(await segments.grant('orders', holder(3), CALM)).toEqual({ start: 101n, end: 201n });
    expect(clock.pending).toBe(0);
  });
});

describe('a tag that cannot be served', () => {
  test('is unknown, and is not made by asking', async () => {
    await expect(arbiter().grant('nobody', holder(1), CALM)).rejects.toEqual(code('TAG_UNKNOWN'));
    expect(await store.findTag('nobody')).toBeUndefined();
    expect(fence.raises).toBe(0);
  });

  test('is retired, and neither counter nor fence moves', async () => {
    await store.changeTag('orders', { retired: true });
    await expect(arbiter().grant('orders', holder(1), CALM)).rejects.toEqual(code('TAG_RETIRED'));
    expect(await store.findTag('orders')).toMatchObject({ nextId: 1n });
    expect(fence.raises).toBe(0);
  });

  test('refuses all that wait, and serves again when it is made', async () => {
    const segments = arbiter();
    const asked = [1, 2, 3].map((n) => segments.grant('users', holder(n), CALM));
    for (const answer of await Promise.allSettled(asked))
      expect(answer).toMatchObject({ status: 'rejected' });
    await store.createTag(newTag('users'));
    expect(await segments.grant('users', holder(1), CALM)).toEqual({ start: 1n, end: 101n });
  });
});

describe('the highest ID', () => {
  test('ends the last segment early, and nothing follows, nothing wraps', async () => {
    await store.changeTag('orders', { highestId: 250n });
    const segments = arbiter();
    const ends: bigint[] = [];
    for (const n of [1, 2, 3]) ends.push((await segments.grant('orders', holder(n), CALM)).end);
    expect(ends).toEqual([101n, 201n, 251n]);
    for (const n of [4, 5])
      await expect(segments.grant('orders', holder(n), CALM)).rejects.toEqual(code('TAG_EXHAUSTED'));
    expect(await store.findTag('orders')).toMatchObject({ nextId: 251n });
    expect((await fence.read({ kind: 'tag', tag: 'orders' })).value).toBe(251n);
  });

  test('is 2^63 − 2 where the tag names none', async () => {
    await store.createTag(newTag('old', { nextId: HIGHEST_ID - 9n }));
    const segments = arbiter();
    expect(await segments.grant('old', holder(1), CALM)).toEqual({
      start: HIGHEST_ID - 9n,
      end: HIGHEST_ID + 1n,
    });
    await expect(segments.grant('old', holder(1), CALM)).rejects.toEqual(code('TAG_EXHAUSTED'));
  });

  test('inside a group serves the first in full, one in part, and refuses the rest', async () => {
    await store.changeTag('orders', { highestId: 250n });
    const { first, others } = await askTogether(arbiter(), 4);
    expect(first).toEqual({ start: 1n, end: 101n });
    expect(others).toEqual([
      { status: 'fulfilled', value: { start: 101n, end: 201n } },
      { status: 'fulfilled', value: { start: 201n, end: 251n } },
      { status: 'rejected', reason: code('TAG_EXHAUSTED') },
      { status: 'rejected', reason: code('TAG_EXHAUSTED') },
    ]);
    expect(await store.readLedger(undefined, 10)).toHaveLength(3);
  });

  test('below the counter, as a hand may leave it, refuses', async () => {
    await store.createTag(newTag('odd', { nextId: 500n, highestId: 400n }));
    await expect(arbiter().grant('odd', holder(1), CALM)).rejects.toEqual(code('TAG_EXHAUSTED'));
  });

  test('that the fence has passed refuses', async () => {
    await store.changeTag('orders', { highestId: 250n });
    await raiseOne(fence, { kind: 'tag', tag: 'orders' }, fenceMove(1n, 251n));
    await expect(arbiter().grant('orders', holder(1), CALM)).rejects.toEqual(code('TAG_EXHAUSTED'));
  });
});

describe('the tag’s lock', () => {
  test('is released after success and after failure', async () => {
    let held = 0;
    const locks = {
      acquire: async () => {
        held++;
        return async () => {
          held--;
        };
      },
    };
    const segments = arbiter({ locks });
    await segments.grant('orders', holder(1), CALM);
    await expect(segments.grant('nobody', holder(1), CALM)).rejects.toEqual(code('TAG_UNKNOWN'));
    await settle();
    expect(held).toBe(0);
    expect(events.lockWaits).toEqual(new Array(2).fill({ waitedMs: 0, acquired: true }));
  });

  test('that is not to be had is gone without: the row lock decides', async () => {
    const segments = arbiter({ locks: { acquire: async () => undefined } });
    expect(await segments.grant('orders', holder(1), CALM)).toEqual({ start: 1n, end: 101n });
    expect(events.lockWaits).toEqual([{ waitedMs: 0, acquired: false }]);
  });
});
