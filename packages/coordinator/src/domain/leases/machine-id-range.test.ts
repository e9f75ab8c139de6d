import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { holder, LAYOUT_TEXT, LEASE_RULES, overlaps } from '../../fakes/samples.ts';
import { MemoryLeaseRegistry } from '../../stores/memory/lease-registry.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Range } from '../allocation/range.ts';
import { type GrantedWindow, LeaseArbiter, type LeaseRules } from './leases.ts';

/** The settings that may change while a deployment runs, according to `docs/changing-the-layout.md`. */

let clock: FakeClock;
/** Machine ids and windows that any coordinator granted. */
let granted: (Range & { machineId: number })[];

beforeEach(() => {
  clock = new FakeClock();
  granted = [];
});

/** A deployment: its stores, and coordinators with settings of their own. */
async function deployment() {
  const store = new MemoryStore(clock);
  const fence = new MemoryFence();
  const registry = new MemoryLeaseRegistry(clock);
  await store.ensureMachineIds(0, 7);
  return {
    store,
    coordinator(firstMachineId: number, lastMachineId: number, own: Partial<LeaseRules> = {}): LeaseArbiter {
      const rules = { ...LEASE_RULES, firstMachineId, lastMachineId, ...own };
      const parts = { store, fence, registry, locks: noLocks, clock, random: Math.random, rules };
      return new LeaseArbiter({ ...parts, events: new RecordedEvents(), coordinatorId: 'c1' });
    },
  };
}

const call = (n: number) => ({ holder: holder(n), agentTimeMs: clock.now(), layout: LAYOUT_TEXT });

async function take(leases: LeaseArbiter, n: number): Promise<GrantedWindow> {
  const lease = await leases.grant(call(n));
  granted.push({ machineId: lease.machineId, start: BigInt(lease.from), end: BigInt(lease.to) });
  return lease;
}

/** Windows of one machine id that share a millisecond. */
const shared = () => {
  const ids = [...new Set(granted.map(({ machineId }) => machineId))];
  return ids.flatMap((id) => overlaps(granted.filter(({ machineId }) => machineId === id)));
};

describe('machineIdRange of a running deployment', () => {
  test.each<[string, [number, number][]]>([
    [
      'may be widened',
      [
        [0, 3],
        [0, 7],
      ],
    ],
    [
      'may be narrowed and widened again',
      [
        [0, 7],
        [0, 1],
        [0, 7],
      ],
    ],
    [
      'may be moved, and back',
      [
        [0, 3],
        [4, 7],
        [0, 3],
      ],
    ],
    [
      'may differ between coordinators while it changes',
      [
        [0, 5],
        [2, 7],
        [0, 5],
        [2, 7],
      ],
    ],
  ])('%s: no machine id gets one millisecond twice', async (_, ranges) => {
    const { coordinator } = await deployment();
    let n = 0;
    for (const [first, last] of [...ranges, ...ranges]) {
      const leases = coordinator(first, last);
      for (let tries = 0; tries < 8; tries++) await take(leases, ++n).catch(() => undefined);
      await clock.advance(50_000);
    }
    expect(granted.length).toBeGreaterThan(8);
    expect(shared()).toEqual([]);
  });

  test('that a holder’s machine id left: its window is not extended, and ends as it was granted', async () => {
    const { store, coordinator } = await deployment();
    const { machineId, to } = await take(coordinator(0, 0), 1);
    await expect(coordinator(4, 7).renew(machineId, call(1), to, true)).rejects.toMatchObject({
      code: 'LEASE_LOST',
      reason: 'outside_range',
    });
    expect(store.database.machineIds.get(machineId)?.ceilingMs).toBe(BigInt(to));
    expect((await take(coordinator(4, 7), 1)).machineId).toBe(4);
  });

  test('and the lengths of windows may change at any time', async () => {
    const { coordinator } = await deployment();
    const lengths = [120_000, 1_000, 600_000, 5_000, 120_000];
    for (const [n, windowInitialMs] of lengths.entries()) {
      await take(coordinator(0, 0, { windowInitialMs, windowMaxMs: 600_000 }), n).catch(() => undefined);
      await clock.advance(121_000);
    }
    expect(granted.length).toBeGreaterThan(2);
    expect(shared()).toEqual([]);
  });
});

describe('two deployments with one layout and one epoch', () => {
  test('share no machine id where their ranges share none', async () => {
    const [one, other] = [await deployment(), await deployment()];
    for (let n = 0; n < 4; n++) {
      await take(one.coordinator(0, 3), n);
      await take(other.coordinator(4, 7), n);
    }
    expect(granted).toHaveLength(8);
    expect(shared()).toEqual([]);
  });

  test('NEGATIVE CONTROL: nothing refuses ranges that share one, and both grant it for the same time', async () => {
    const [one, other] = [await deployment(), await deployment()];
    for (let n = 0; n < 4; n++) {
      await take(one.coordinator(0, 3), n);
      await take(other.coordinator(3, 6), n);
    }
    expect(shared()).toHaveLength(1);
  });

  test('may hand a machine id over when the ceiling of the one that stopped has passed by the clocks’ skew', async () => {
    const [one, other] = [await deployment(), await deployment()];
    const { to } = await take(one.coordinator(0, 0), 1);
    await clock.advance(to - clock.now() + LEASE_RULES.maxClockSkewMs);
    await take(other.coordinator(0, 0), 1);
    expect(shared()).toEqual([]);
  });

  test('NEGATIVE CONTROL: handed over a millisecond before, it is granted for the same time', async () => {
    const [one, other] = [await deployment(), await deployment()];
    const { to } = await take(one.coordinator(0, 0), 1);
    await clock.advance(to - clock.now() + LEASE_RULES.maxClockSkewMs - 1);
    await take(other.coordinator(0, 0), 1);
    expect(shared()).toHaveLength(1);
  });
});
