import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { PRUNED_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { ledgerKey } from '../../fakes/memory-database.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { CALM, holder, newTag, overlaps, SEGMENT_RULES } from '../../fakes/samples.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { CounterName, LedgerEntry, Range } from '../allocation/range.ts';
import { SegmentArbiter } from '../segments/segments.ts';
import { lowerCounter } from '../tags/lower-counter.ts';
import { audit } from './audit.ts';
import { Explainer } from './explain.ts';
import { prune } from './prune.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 90 * DAY_MS;
const orders: CounterName = { kind: 'tag', tag: 'orders' };
const machine3: CounterName = { kind: 'machine', machineId: 3 };

let clock: FakeClock;
let store: MemoryStore;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  await store.createTag(newTag('orders', { nextId: 1_001n }));
  await store.ensureMachineIds(0, 3);
});

/** Writes a ledger row past the arbiters, `ageDays` old. */
function plant(counter: CounterName, start: bigint, end: bigint, ageDays: number): void {
  const grantedAtMs = clock.now() - ageDays * DAY_MS;
  const entry = { counter, start, end, ...holder(1), coordinatorId: 'c', grantedAtMs };
  store.database.ledger.set(ledgerKey(entry).join('\n'), entry);
}

const ledger = async () => (await store.readLedger(undefined, 10_000)).map(told);
const told = ({ counter, start, end, instanceId }: LedgerEntry) =>
  `${counter.kind === 'tag' ? counter.tag : counter.machineId} ${start}-${end}${instanceId === PRUNED_INSTANCE_ID ? ' pruned' : ''}`;

function arbiter(): SegmentArbiter {
  const parts = { store, fence: undefined, locks: noLocks, clock, events: new RecordedEvents() };
  return new SegmentArbiter({ ...parts, coordinatorId: 'c1', random: Math.random, rules: SEGMENT_RULES });
}

/** An operator's UPDATE of both tables: the counter and its high-water mark go back to `nextId`. */
function setBack(nextId: bigint): void {
  const row = store.database.tags.get('orders');
  if (row !== undefined) store.database.tags.set('orders', { ...row, nextId });
  store.database.highWaters.set('orders', nextId);
}

describe('ranges older than the ledger keeps', () => {
  test('become one, and younger ones stay', async () => {
    for (let n = 0n; n < 10n; n++) plant(orders, 1n + n * 100n, 101n + n * 100n, n < 7n ? 91 : 89);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(6);
    expect(await ledger()).toEqual([
      'orders 1-701 pruned',
      'orders 701-801',
      'orders 801-901',
      'orders 901-1001',
    ]);
    expect((await audit(store, undefined)).violations).toEqual([]);
  });

  test('are joined to what was pruned before', async () => {
    plant(orders, 1n, 101n, 91);
    plant(orders, 101n, 201n, 91);
    plant(orders, 201n, 301n, 85);
    await prune(store, RETENTION_MS, clock.now());
    await clock.advance(10 * DAY_MS);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(1);
    expect(await ledger()).toEqual(['orders 1-301 pruned']);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(0);
  });

  test('stay apart across any gap: a counter may be lowered into it, and then goes on there to its end', async () => {
    plant(orders, 1n, 101n, 91);
    plant(orders, 101n, 201n, 91);
    plant(orders, 205n, 300n, 91);
    plant(orders, 300n, 400n, 91);
    setBack(201n);
    store.database.eras.set('orders', { era: 1, taken: { start: 205n, end: 400n } });
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(2);
    expect(await ledger()).toEqual(['orders 1-201 pruned', 'orders 205-400 pruned']);
    expect(await arbiter().grant('orders', holder(2), CALM)).toEqual({ start: 201n, end: 205n });
  });

  test('of a machine id become one where a window was extended; tags and machine ids are kept apart', async () => {
    store.database.machineIds.set(3, {
      machineId: 3,
      ceilingMs: 900_000_000n,
      windowMs: 1,
      holder: holder(1),
    });
    plant(machine3, 1n, 10n, 91);
    plant(machine3, 10n, 20n, 91);
    plant(machine3, 800_000_000n, 900_000_000n, 91);
    plant(orders, 1n, 10n, 91);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(1);
    expect(await ledger()).toEqual(['3 1-20 pruned', '3 800000000-900000000', 'orders 1-10']);
  });

  test('of a tag whose row was deleted by hand stay as they are', async () => {
    plant({ kind: 'tag', tag: 'gone' }, 1n, 101n, 91);
    plant({ kind: 'tag', tag: 'gone' }, 101n, 201n, 91);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(0);
  });

  test('are many thousands, and are merged a thousand at a time, with one page in memory', async () => {
    for (let n = 0n; n < 3_500n; n++) plant(orders, 1n + n * 10n, 11n + n * 10n, 91);
    setBack(35_001n);
    store.transactions = 0;
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(3_496);
    expect(store.transactions).toBe(4);
    expect(await prune(store, RETENTION_MS, clock.now())).toBe(3);
    expect(await ledger()).toEqual(['orders 1-35001 pruned']);
  });

  test('are explained as handed out, to whom is not known any more', async () => {
    plant(orders, 1n, 101n, 91);
    plant(orders, 101n, 201n, 91);
    await prune(store, RETENTION_MS, clock.now());
    const explainer = new Explainer(store, {
      epochMs: 0,
      timestampBits: 41,
      machineIdBits: 10,
      sequenceBits: 12,
      datacenterBits: 0,
    });
    const { segments } = await explainer.inTag('orders', '42');
    expect(segments).toMatchObject([
      { verdict: 'pruned', sentence: expect.stringContaining('was pruned from the ledger') },
    ]);
  });
});

describe('a counter that went back by hand, high-water mark and all, without a fence', () => {
  const handedOut: Range[] = [
    { start: 1n, end: 501n },
    { start: 501n, end: 1_001n },
  ];

  beforeEach(() => {
    for (const { start, end } of handedOut) plant(orders, start, end, 91);
  });

  test('starts above everything that was pruned (I1)', async () => {
    await prune(store, RETENTION_MS, clock.now());
    setBack(301n);
    const asked = arbiter().grant('orders', holder(2), CALM);
    await clock.advance(2_000);
    expect(overlaps([...handedOut, await asked])).toEqual([]);
    await expect(
      lowerCounter(
        { store, fence: undefined, events: new RecordedEvents(), coordinatorId: 'c1' },
        'orders',
        601n,
        true,
      ),
    ).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  test('NEGATIVE CONTROL: deleting old ranges instead, it hands numbers out again', async () => {
    store.database.ledger.clear();
    setBack(301n);
    expect(overlaps([...handedOut, await arbiter().grant('orders', holder(2), CALM)])).not.toEqual([]);
  });
});

describe('an allocation and a merge of the same counter at the same time', () => {
  test('wait for each other: it finds either all of the ledger as it was, or as it will be', async () => {
    plant(orders, 1n, 101n, 91);
    plant(orders, 101n, 201n, 91);
    let merging = 0;
    const { promise: gate, resolve: release } = Promise.withResolvers<void>();
    store.beforeCommit = async () => {
      if (merging++ === 0) await gate;
    };
    const pruned = prune(store, RETENTION_MS, clock.now());
    await clock.advance(0);
    const order: string[] = [];
    const granted = arbiter()
      .grant('orders', holder(2), CALM)
      .then(() => order.push('granted'));
    await clock.advance(0);
    order.push('merged');
    release();
    await Promise.all([pruned, granted]);
    expect(order).toEqual(['merged', 'granted']);
  });
});
