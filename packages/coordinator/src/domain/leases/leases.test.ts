import { beforeEach, describe, expect, test } from '@jest/globals';
import { sleep } from '@leafcutter/shared/clock';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { timestampEndMs } from '@leafcutter/shared/layout';
import { Machines } from '../../fakes/machines.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { fenceMove, holder, LAYOUT, LAYOUT_TEXT, LEASE_RULES, raiseOne } from '../../fakes/samples.ts';
import type { Locks } from '../allocation/locks.ts';

let machines: Machines;

beforeEach(async () => {
  machines = await Machines.make();
});

const code = (expected: string, reason?: string) =>
  expect.objectContaining({ code: expected, ...(reason && { reason }) });

describe('a grant', () => {
  test('gives a first window that starts as far back as clocks may differ', async () => {
    const now = machines.clock.now();
    const lease = await machines.arbiter().grant(machines.call(1));
    expect(lease).toEqual({ machineId: 0, from: now - 2_000, to: now + 120_000 });
  });

  test('stands in the ledger, the ceiling, the fence and the registry', async () => {
    const { machineId, from, to } = await machines.arbiter().grant(machines.call(1));
    const counter = { kind: 'machine', machineId } as const;
    expect(await machines.store.readLedger(undefined, 10)).toEqual([
      {
        counter,
        start: BigInt(from),
        end: BigInt(to),
        ...holder(1),
        coordinatorId: 'c1',
        grantedAtMs: machines.clock.now(),
      },
    ]);
    expect(machines.store.database.machineIds.get(machineId)).toMatchObject({
      ceilingMs: BigInt(to),
      holder: holder(1),
    });
    expect((await machines.fence.read(counter)).value).toBe(BigInt(to));
    expect(await machines.registry.live([machineId])).toEqual(new Map([[machineId, holder(1)]]));
  });

  test('takes the machine id with the oldest ceiling first', async () => {
    const now = machines.clock.now();
    machines.setCeilings({
      0: now - 5,
      1: now - 30,
      2: now - 20,
      3: now - 40,
      4: now,
      5: now - 1,
      6: now - 2,
      7: now - 3,
    });
    const leases = machines.arbiter();
    const granted: number[] = [];
    for (let n = 0; n < 8; n++) granted.push((await leases.grant(machines.call(n))).machineId);
    expect(granted).toEqual([3, 1, 2, 0, 7, 6, 5, 4]);
  });

  test('starts at the old ceiling where that passed just now', async () => {
    const now = machines.clock.now();
    machines.setCeilings({ 3: now - 500 });
    const lease = await machines.arbiter({ firstMachineId: 3, lastMachineId: 3 }).grant(machines.call(1));
    expect(lease).toEqual({ machineId: 3, from: now - 500, to: now + 120_000 });
  });

  test('passes over a machine id whose ceiling lies a millisecond ahead', async () => {
    machines.setCeilings({ 0: machines.clock.now() + 1 });
    expect((await machines.arbiter().grant(machines.call(1))).machineId).toBe(1);
  });

  test('passes over a live lease, and takes it again when that has run out', async () => {
    await machines.registry.enter(0, holder(9), 60_000);
    const leases = machines.arbiter({ lastMachineId: 0 });
    await expect(leases.grant(machines.call(1))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
    await machines.clock.advance(60_000);
    expect((await leases.grant(machines.call(1))).machineId).toBe(0);
  });

  test('does not pass over the asker’s own lease', async () => {
    await machines.registry.enter(0, holder(1), 60_000);
    expect((await machines.arbiter().grant(machines.call(1))).machineId).toBe(0);
  });

  test('passes over a fence that lies in the future, and does not move it', async () => {
    const ahead = BigInt(machines.clock.now() + 60_000);
    await raiseOne(machines.fence, { kind: 'machine', machineId: 0 }, fenceMove(0n, ahead));
    expect((await machines.arbiter().grant(machines.call(1))).machineId).toBe(1);
    expect((await machines.fence.read({ kind: 'machine', machineId: 0 })).value).toBe(ahead);
    expect(machines.events.ahead).toHaveLength(1);
  });

  test('keeps to the deployment’s machine ids', async () => {
    const leases = machines.arbiter({ firstMachineId: 5, lastMachineId: 6 });
    expect([
      (await leases.grant(machines.call(1))).machineId,
      (await leases.grant(machines.call(2))).machineId,
    ]).toEqual([5, 6]);
    await expect(leases.grant(machines.call(3))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
  });

  test('finds the one free machine id behind 150 live leases', async () => {
    for (let id = 0; id < 150; id++) await machines.registry.enter(id, holder(id), 60_000);
    expect((await machines.arbiter({ lastMachineId: 199 }).grant(machines.call(500))).machineId).toBe(150);
  });

  test('says when all are held, and when to ask again', async () => {
    const leases = machines.arbiter({ lastMachineId: 1, windowInitialMs: 30_000 });
    await leases.grant(machines.call(1));
    await machines.clock.advance(10_000);
    await leases.grant(machines.call(2));
    await expect(leases.grant(machines.call(3))).rejects.toMatchObject({
      code: 'MACHINE_IDS_EXHAUSTED',
      retryAfterMs: 20_000,
    });
  });

  test('of an instance that starts again and again takes one machine id each time', async () => {
    const leases = machines.arbiter();
    const ids = [];
    for (const n of [1, 2, 3])
      ids.push(
        (await leases.grant(machines.call(n, { holder: { ...holder(n), agentId: 'pod-a' } }))).machineId,
      );
    expect(ids).toEqual([0, 1, 2]);
  });

  test('goes on without the registry while Redis is away, and tells', async () => {
    const leases = machines.arbiter();
    machines.registry.live = () => Promise.reject(new Error('away'));
    machines.registry.enter = () => Promise.reject(new Error('away'));
    expect((await leases.grant(machines.call(1))).machineId).toBe(0);
    expect((await leases.grant(machines.call(2))).machineId).toBe(1);
    expect(machines.events.registryErrors).toHaveLength(4);
  });

  test('stops searching at its deadline when every candidate turns out to be taken, slowly', async () => {
    for (let machineId = 0; machineId < 8; machineId++) {
      await raiseOne(
        machines.fence,
        { kind: 'machine', machineId },
        fenceMove(0n, BigInt(machines.clock.now() + 600_000)),
      );
    }
    const raise = machines.fence.raise.bind(machines.fence);
    machines.fence.raise = (...args) => sleep(machines.clock, 500).then(() => raise(...args));
    const refused = expect(machines.arbiter().grant(machines.call(1))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await machines.clock.advance(10_000);
    await refused;
    expect(machines.store.transactions).toBeLessThan(8);
  });
});

describe('what agent and coordinator must agree on', () => {
  test('is the layout: grant and heartbeat refuse another', async () => {
    const other = machines.call(1, { layout: `${LAYOUT_TEXT}0` });
    await expect(machines.arbiter().grant(other)).rejects.toEqual(code('LAYOUT_MISMATCH'));
    await expect(machines.arbiter().renew(0, other, 0, false)).rejects.toEqual(code('LAYOUT_MISMATCH'));
    expect(machines.store.transactions).toBe(0);
  });

  test.each([-2_001, 2_001])('is the time: an agent %d ms off is refused alone', async (offMs) => {
    const leases = machines.arbiter();
    const skewed = machines.call(1, { agentTimeMs: machines.clock.now() + offMs });
    await expect(leases.grant(skewed)).rejects.toEqual(code('CLOCK_SKEWED', 'agent'));
    const { machineId, to } = await leases.grant(machines.call(2));
    const later = machines.call(2, { agentTimeMs: machines.clock.now() + offMs });
    await expect(leases.renew(machineId, later, to, true)).rejects.toEqual(code('CLOCK_SKEWED', 'agent'));
    expect(await leases.renew(machineId, later, to, false)).toBe(to);
  });

  test('is the time: a coordinator that is off refuses everyone and says that it is the one', async () => {
    const own = new FakeClock(machines.clock.now() - 3_600_000);
    await expect(machines.arbiter({}, { clock: own }).grant(machines.call(1))).rejects.toEqual(
      code('CLOCK_SKEWED', 'coordinator'),
    );
  });

  test('is the time: a database that is off is named', async () => {
    machines.store.now = async () => machines.clock.now() + 60_000;
    await expect(machines.arbiter().grant(machines.call(1))).rejects.toEqual(
      code('CLOCK_SKEWED', 'database'),
    );
  });

  test('refuses a database whose clock is set after it was compared: its window would lie far ahead', async () => {
    const database = new FakeClock(machines.clock.now());
    const store = new MemoryStore(database, machines.store.database);
    const locks: Locks = {
      acquire: async () => {
        database.jump(600_000);
        return undefined;
      },
    };
    await expect(machines.arbiter({}, { store, locks }).grant(machines.call(1))).rejects.toEqual(
      code('CLOCK_SKEWED', 'database'),
    );
    expect(machines.store.database.ledger.size).toBe(0);
  });

  test('and a database that answers late does not make an agent look slow', async () => {
    machines.store.now = () => sleep(machines.clock, 5_000).then(() => machines.clock.now());
    const granted = machines.arbiter({ deadlineMs: 10_000 }).grant(machines.call(1));
    await machines.clock.advance(5_000);
    expect((await granted).machineId).toBe(0);
  });
});

describe('the end of the timestamp bits', () => {
  const short = { layout: { ...LAYOUT, timestampBits: 30 } };
  const layout = `30-10-12-d0@${LAYOUT.epochMs}`;

  test('cuts the last window, refuses its extension and every later grant', async () => {
    const end = timestampEndMs(short.layout);
    machines = await Machines.make(new FakeClock(end - 50_000));
    const leases = machines.arbiter({ ...short, lastMachineId: 1 });
    const lease = await leases.grant(machines.call(1, { layout }));
    expect(lease.to).toBe(end);
    const exhausted = expect.objectContaining({
      code: 'TIMESTAMP_EXHAUSTED',
      message: expect.stringContaining('A later epoch or other bits alone repeat IDs'),
    });
    await expect(leases.renew(lease.machineId, machines.call(1, { layout }), lease.to, true)).rejects.toEqual(
      exhausted,
    );
    await machines.clock.advance(50_000 + LEASE_RULES.maxClockSkewMs);
    await expect(leases.grant(machines.call(2, { layout }))).rejects.toEqual(exhausted);
  });
});
