import { beforeEach, describe, expect, test } from '@jest/globals';
import { sleep } from '@leafcutter/shared/clock';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { timestampEndMs } from '@leafcutter/shared/layout';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { fenceMove, holder, LAYOUT, LAYOUT_TEXT, LEASE_RULES } from '../../fakes/samples.ts';
import { MemoryLeaseRegistry } from '../../stores/memory/lease-registry.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Locks } from '../allocation/locks.ts';
import { LeaseArbiter, type LeaseCall, type LeaseRules } from './leases.ts';

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let registry: MemoryLeaseRegistry;
let events: RecordedEvents;

beforeEach(async () => {
  clock = new FakeClock();
  store = new MemoryStore(clock);
  fence = new MemoryFence();
  registry = new MemoryLeaseRegistry(clock);
  events = new RecordedEvents();
  await store.ensureMachineIds(0, 199);
});

function arbiter(
  rules: Partial<LeaseRules> = {},
  own: { clock?: FakeClock; locks?: Locks } = {},
): LeaseArbiter {
  return new LeaseArbiter({
    store,
    fence,
    registry,
    locks: noLocks,
    clock,
    random: Math.random,
    events,
    coordinatorId: 'c1',
    rules: { ...LEASE_RULES, ...rules },
    ...own,
  });
}

function call(n: number, own: Partial<LeaseCall> = {}): LeaseCall {
  return { holder: holder(n), agentTimeMs: clock.now(), layout: LAYOUT_TEXT, ...own };
}

function setCeilings(ceilings: Record<number, number>): void {
  for (const [id, ceilingMs] of Object.entries(ceilings)) {
    const machineId = Number(id);
    store.database.machineIds.set(machineId, {
      machineId,
      ceilingMs: BigInt(ceilingMs),
      windowMs: 0,
      holder: undefined,
    });
  }
}

const code = (expected: string, reason?: string) =>
  expect.objectContaining({ code: expected, ...(reason && { reason }) });

describe('a grant', () => {
  test('gives a first window that starts as far back as clocks may differ', async () => {
    const now = clock.now();
    const lease = await arbiter().grant(call(1));
    expect(lease).toEqual({ machineId: 0, from: now - 2_000, to: now + 120_000 });
  });

  test('stands in the ledger, the ceiling, the fence and the registry', async () => {
    const { machineId, from, to } = await arbiter().grant(call(1));
    const counter = { kind: 'machine', machineId } as const;
    expect(await store.readLedger(undefined, 10)).toEqual([
      {
        counter,
        start: BigInt(from),
        end: BigInt(to),
        ...holder(1),
        coordinatorId: 'c1',
        grantedAtMs: clock.now(),
      },
    ]);
    expect(store.database.machineIds.get(machineId)).toMatchObject({
      ceilingMs: BigInt(to),
      holder: holder(1),
    });
    expect((await fence.read(counter)).value).toBe(BigInt(to));
    expect(await registry.live([machineId])).toEqual(new Map([[machineId, holder(1)]]));
  });

  test('takes the machine id with the oldest ceiling first', async () => {
    const now = clock.now();
    setCeilings({
      0: now - 5,
      1: now - 30,
      2: now - 20,
      3: now - 40,
      4: now,
      5: now - 1,
      6: now - 2,
      7: now - 3,
    });
    const leases = arbiter();
    const granted: number[] = [];
    for (let n = 0; n < 8; n++) granted.push((await leases.grant(call(n))).machineId);
    expect(granted).toEqual([3, 1, 2, 0, 7, 6, 5, 4]);
  });

  test('starts at the old ceiling where that passed just now', async () => {
    const now = clock.now();
    setCeilings({ 3: now - 500 });
    const lease = await arbiter({ firstMachineId: 3, lastMachineId: 3 }).grant(call(1));
    expect(lease).toEqual({ machineId: 3, from: now - 500, to: now + 120_000 });
  });

  test('passes over a machine id whose ceiling lies a millisecond ahead', async () => {
    setCeilings({ 0: clock.now() + 1 });
    expect((await arbiter().grant(call(1))).machineId).toBe(1);
  });

  test('passes over a live lease, and takes it again when that has run out', async () => {
    await registry.enter(0, holder(9), 60_000);
    const leases = arbiter({ lastMachineId: 0 });
    await expect(leases.grant(call(1))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
    await clock.advance(60_000);
    expect((await leases.grant(call(1))).machineId).toBe(0);
  });

  test('does not pass over the asker’s own lease', async () => {
    await registry.enter(0, holder(1), 60_000);
    expect((await arbiter().grant(call(1))).machineId).toBe(0);
  });

  test('passes over a fence that lies in the future, and does not move it', async () => {
    const ahead = BigInt(clock.now() + 60_000);
    await fence.raise({ kind: 'machine', machineId: 0 }, fenceMove(0n, ahead));
    expect((await arbiter().grant(call(1))).machineId).toBe(1);
    expect((await fence.read({ kind: 'machine', machineId: 0 })).value).toBe(ahead);
    expect(events.ahead).toHaveLength(1);
  });

  test('keeps to the deployment’s machine ids', async () => {
    const leases = arbiter({ firstMachineId: 5, lastMachineId: 6 });
    expect([(await leases.grant(call(1))).machineId, (await leases.grant(call(2))).machineId]).toEqual([
      5, 6,
    ]);
    await expect(leases.grant(call(3))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
  });

  test('finds the one free machine id behind 150 live leases', async () => {
    for (let id = 0; id < 150; id++) await registry.enter(id, holder(id), 60_000);
    expect((await arbiter({ lastMachineId: 199 }).grant(call(500))).machineId).toBe(150);
  });

  test('says when all are held, and when to ask again', async () => {
    const leases = arbiter({ lastMachineId: 1, windowInitialMs: 30_000 });
    await leases.grant(call(1));
    await clock.advance(10_000);
    await leases.grant(call(2));
    await expect(leases.grant(call(3))).rejects.toMatchObject({
      code: 'MACHINE_IDS_EXHAUSTED',
      retryAfterMs: 20_000,
    });
  });

  test('of an instance that starts again and again takes one machine id each time', async () => {
    const leases = arbiter();
    const ids = [];
    for (const n of [1, 2, 3])
      ids.push((await leases.grant(call(n, { holder: { ...holder(n), agentId: 'pod-a' } }))).machineId);
    expect(ids).toEqual([0, 1, 2]);
  });

  test('goes on without the registry while Redis is away, and tells', async () => {
    const leases = arbiter();
    registry.live = () => Promise.reject(new Error('away'));
    registry.enter = () => Promise.reject(new Error('away'));
    expect((await leases.grant(call(1))).machineId).toBe(0);
    expect((await leases.grant(call(2))).machineId).toBe(1);
    expect(events.registryErrors).toHaveLength(4);
  });

  test('stops searching at its deadline when every candidate turns out to be taken, slowly', async () => {
    for (let machineId = 0; machineId < 8; machineId++) {
      await fence.raise({ kind: 'machine', machineId }, fenceMove(0n, BigInt(clock.now() + 600_000)));
    }
    const raise = fence.raise.bind(fence);
    fence.raise = (...args) => sleep(clock, 500).then(() => raise(...args));
    const refused = expect(arbiter().grant(call(1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(10_000);
    await refused;
    expect(store.transactions).toBeLessThan(8);
  });
});

describe('what agent and coordinator must agree on', () => {
  test('is the layout: grant and heartbeat refuse another', async () => {
    const other = call(1, { layout: `${LAYOUT_TEXT}0` });
    await expect(arbiter().grant(other)).rejects.toEqual(code('LAYOUT_MISMATCH'));
    await expect(arbiter().renew(0, other, 0, false)).rejects.toEqual(code('LAYOUT_MISMATCH'));
    expect(store.transactions).toBe(0);
  });

  test.each([-2_001, 2_001])('is the time: an agent %d ms off is refused alone', async (offMs) => {
    const leases = arbiter();
    const skewed = call(1, { agentTimeMs: clock.now() + offMs });
    await expect(leases.grant(skewed)).rejects.toEqual(code('CLOCK_SKEWED', 'agent'));
    const { machineId, to } = await leases.grant(call(2));
    const later = call(2, { agentTimeMs: clock.now() + offMs });
    await expect(leases.renew(machineId, later, to, true)).rejects.toEqual(code('CLOCK_SKEWED', 'agent'));
    expect(await leases.renew(machineId, later, to, false)).toBe(to);
  });

  test('is the time: a coordinator that is off refuses everyone and says that it is the one', async () => {
    const own = new FakeClock(clock.now() - 3_600_000);
    await expect(arbiter({}, { clock: own }).grant(call(1))).rejects.toEqual(
      code('CLOCK_SKEWED', 'coordinator'),
    );
  });

  test('is the time: a database that is off is named', async () => {
    store.now = async () => clock.now() + 60_000;
    await expect(arbiter().grant(call(1))).rejects.toEqual(code('CLOCK_SKEWED', 'database'));
  });

  test('refuses a database whose clock is set after it was compared: its window would lie far ahead', async () => {
    const database = new FakeClock(clock.now());
    store = new MemoryStore(database, store.database);
    const locks: Locks = {
      acquire: async () => {
        database.jump(600_000);
        return undefined;
      },
    };
    await expect(arbiter({}, { locks }).grant(call(1))).rejects.toEqual(code('CLOCK_SKEWED', 'database'));
    expect(store.database.ledger.size).toBe(0);
  });

  test('and a database that answers late does not make an agent look slow', async () => {
    store.now = () => sleep(clock, 5_000).then(() => clock.now());
    const granted = arbiter({ deadlineMs: 10_000 }).grant(call(1));
    await clock.advance(5_000);
    expect((await granted).machineId).toBe(0);
  });
});

describe('the end of the timestamp bits', () => {
  const short = { layout: { ...LAYOUT, timestampBits: 30 } };
  const layout = `30-10-12-d0@${LAYOUT.epochMs}`;

  test('cuts the last window, refuses its extension and every later grant', async () => {
    const end = timestampEndMs(short.layout);
    clock = new FakeClock(end - 50_000);
    store = new MemoryStore(clock);
    await store.ensureMachineIds(0, 1);
    const leases = arbiter({ ...short, lastMachineId: 1 });
    const lease = await leases.grant(call(1, { layout }));
    expect(lease.to).toBe(end);
    const exhausted = expect.objectContaining({
      code: 'TIMESTAMP_EXHAUSTED',
      message: expect.stringContaining('A later epoch or other bits alone repeat IDs'),
    });
    await expect(leases.renew(lease.machineId, call(1, { layout }), lease.to, true)).rejects.toEqual(
      exhausted,
    );
    await clock.advance(50_000 + LEASE_RULES.maxClockSkewMs);
    await expect(leases.grant(call(2, { layout }))).rejects.toEqual(exhausted);
  });
});
