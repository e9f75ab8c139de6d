import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { holder, LAYOUT_TEXT, LEASE_RULES } from '../../fakes/samples.ts';
import { MemoryLeaseRegistry } from '../../stores/memory/lease-registry.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
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

function arbiter(rules: Partial<LeaseRules> = {}, own: { clock?: FakeClock } = {}): LeaseArbiter {
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

const code = (expected: string, reason?: string) =>
  expect.objectContaining({ code: expected, ...(reason && { reason }) });

describe('a heartbeat', () => {
  test('keeps the lease alive without troubling the store', async () => {
    const leases = arbiter();
    const { machineId, to } = await leases.grant(call(1));
    const before = store.transactions;
    for (let beat = 0; beat < 6; beat++) {
      await clock.advance(15_000);
      expect(await leases.renew(machineId, call(1), to, false)).toBe(to);
    }
    expect(await registry.live([machineId])).toEqual(new Map([[machineId, holder(1)]]));
    expect(store.transactions).toBe(before);
  });

  test.each([false, true])(
    'enters its lease again in a registry that forgot (extend: %s)',
    async (extend) => {
      const leases = arbiter();
      const { machineId, to } = await leases.grant(call(1));
      await registry.end(machineId, holder(1).instanceId);
      expect(await leases.renew(machineId, call(1), to, extend)).toBeGreaterThanOrEqual(to);
      expect((await registry.live([machineId])).get(machineId)).toEqual(holder(1));
    },
  );

  test.each([false, true])(
    'of a stranger enters nothing, neither where nobody ever was nor in a registry that forgot (extend: %s)',
    async (extend) => {
      const leases = arbiter();
      const { machineId, to } = await leases.grant(call(1));
      await registry.end(machineId, holder(1).instanceId);
      for (const id of [0, 1, 7])
        await expect(leases.renew(id, call(2), to, extend)).rejects.toEqual(
          code('LEASE_LOST', 'held_by_another'),
        );
      expect(await registry.live([0, 1, 7])).toEqual(new Map());
      expect(await leases.renew(machineId, call(1), to, false)).toBe(to);
      expect((await leases.grant(call(3))).machineId).toBe(1);
    },
  );

  test('of a former holder enters nothing once the machine id was granted to another', async () => {
    const leases = arbiter({ lastMachineId: 0 });
    const { machineId, to } = await leases.grant(call(1));
    await registry.end(machineId, holder(1).instanceId);
    await clock.advance(120_000);
    await leases.grant(call(2));
    await registry.end(machineId, holder(2).instanceId);
    await expect(leases.renew(machineId, call(1), to, false)).rejects.toEqual(
      code('LEASE_LOST', 'held_by_another'),
    );
    expect(await registry.live([machineId])).toEqual(new Map());
  });

  test('NEGATIVE CONTROL: a registry that enters whoever renews gives every machine id to a stranger', async () => {
    const leases = arbiter();
    registry.renew = (...lease) => registry.enter(...lease);
    for (let id = 0; id <= 7; id++) await leases.renew(id, call(2), 0, false);
    await expect(leases.grant(call(3))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
  });

  test.each([false, true])(
    'is told LEASE_LOST where another instance stands there (extend: %s)',
    async (extend) => {
      const leases = arbiter();
      const { machineId, to } = await leases.grant(call(1));
      await expect(leases.renew(machineId, call(2), to, extend)).rejects.toEqual(
        code('LEASE_LOST', 'held_by_another'),
      );
    },
  );

  test.each([-1, 8])('is told LEASE_LOST for machine id %d, outside the deployment’s', async (machineId) => {
    await expect(arbiter().renew(machineId, call(1), 0, false)).rejects.toEqual(
      code('LEASE_LOST', 'outside_range'),
    );
    await expect(arbiter().end(machineId, holder(1))).rejects.toEqual(code('LEASE_LOST', 'outside_range'));
  });

  test('fails while Redis is away, except where it extends: MySQL alone says who holds the window', async () => {
    const leases = arbiter();
    const { machineId, to } = await leases.grant(call(1));
    registry.renew = () => Promise.reject(new Error('away'));
    await expect(leases.renew(machineId, call(1), to, false)).rejects.toThrow('away');
    expect(await leases.renew(machineId, call(1), to, true)).toBeGreaterThan(to);
    expect(events.registryErrors).toHaveLength(1);
  });
});

describe('ending a lease', () => {
  test('frees nothing before its ceiling has passed', async () => {
    const leases = arbiter({ lastMachineId: 0 });
    const { machineId, to } = await leases.grant(call(1));
    await leases.end(machineId, holder(1));
    await expect(leases.grant(call(2))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
    await clock.advance(120_000);
    expect((await leases.grant(call(2))).from).toBe(to);
  });

  test('of another instance does nothing', async () => {
    const leases = arbiter();
    const { machineId } = await leases.grant(call(1));
    await leases.end(machineId, holder(2));
    expect((await registry.live([machineId])).get(machineId)).toEqual(holder(1));
  });
});
