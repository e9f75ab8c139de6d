import { beforeEach, describe, expect, test } from '@jest/globals';
import { Machines } from '../../fakes/machines.ts';
import { holder } from '../../fakes/samples.ts';

let machines: Machines;

beforeEach(async () => {
  machines = await Machines.make();
});

const code = (expected: string, reason?: string) =>
  expect.objectContaining({ code: expected, ...(reason && { reason }) });

describe('a heartbeat', () => {
  test('keeps the lease alive without troubling the store', async () => {
    const leases = machines.arbiter();
    const { machineId, to } = await leases.grant(machines.call(1));
    const before = machines.store.transactions;
    for (let beat = 0; beat < 6; beat++) {
      await machines.clock.advance(15_000);
      expect(await leases.renew(machineId, machines.call(1), to, false)).toBe(to);
    }
    expect(await machines.registry.live([machineId])).toEqual(new Map([[machineId, holder(1)]]));
    expect(machines.store.transactions).toBe(before);
  });

  test.each([false, true])(
    'enters its lease again in a registry that forgot (extend: %s)',
    async (extend) => {
      const leases = machines.arbiter();
      const { machineId, to } = await leases.grant(machines.call(1));
      await machines.registry.end(machineId, holder(1).instanceId);
      expect(await leases.renew(machineId, machines.call(1), to, extend)).toBeGreaterThanOrEqual(to);
      expect((await machines.registry.live([machineId])).get(machineId)).toEqual(holder(1));
    },
  );

  test.each([false, true])(
    'of a stranger enters nothing, neither where nobody ever was nor in a registry that forgot (extend: %s)',
    async (extend) => {
      const leases = machines.arbiter();
      const { machineId, to } = await leases.grant(machines.call(1));
      await machines.registry.end(machineId, holder(1).instanceId);
      for (const id of [0, 1, 7])
        await expect(leases.renew(id, machines.call(2), to, extend)).rejects.toEqual(
          code('LEASE_LOST', 'held_by_another'),
        );
      expect(await machines.registry.live([0, 1, 7])).toEqual(new Map());
      expect(await leases.renew(machineId, machines.call(1), to, false)).toBe(to);
      expect((await leases.grant(machines.call(3))).machineId).toBe(1);
    },
  );

  test('of a former holder enters nothing once the machine id was granted to another', async () => {
    const leases = machines.arbiter({ lastMachineId: 0 });
    const { machineId, to } = await leases.grant(machines.call(1));
    await machines.registry.end(machineId, holder(1).instanceId);
    await machines.clock.advance(120_000);
    await leases.grant(machines.call(2));
    await machines.registry.end(machineId, holder(2).instanceId);
    await expect(leases.renew(machineId, machines.call(1), to, false)).rejects.toEqual(
      code('LEASE_LOST', 'held_by_another'),
    );
    expect(await machines.registry.live([machineId])).toEqual(new Map());
  });

  test('NEGATIVE CONTROL: a registry that enters whoever renews gives every machine id to a stranger', async () => {
    const leases = machines.arbiter();
    machines.registry.renew = (...lease) => machines.registry.enter(...lease);
    for (let id = 0; id <= 7; id++) await leases.renew(id, machines.call(2), 0, false);
    await expect(leases.grant(machines.call(3))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
  });

  test.each([false, true])(
    'is told LEASE_LOST where another instance stands there (extend: %s)',
    async (extend) => {
      const leases = machines.arbiter();
      const { machineId, to } = await leases.grant(machines.call(1));
      await expect(leases.renew(machineId, machines.call(2), to, extend)).rejects.toEqual(
        code('LEASE_LOST', 'held_by_another'),
      );
    },
  );

  test.each([-1, 8])('is told LEASE_LOST for machine id %d, outside the deployment’s', async (machineId) => {
    await expect(machines.arbiter().renew(machineId, machines.call(1), 0, false)).rejects.toEqual(
      code('LEASE_LOST', 'outside_range'),
    );
    await expect(machines.arbiter().end(machineId, holder(1))).rejects.toEqual(
      code('LEASE_LOST', 'outside_range'),
    );
  });

  test('fails while Redis is away, except where it extends: MySQL alone says who holds the window', async () => {
    const leases = machines.arbiter();
    const { machineId, to } = await leases.grant(machines.call(1));
    machines.registry.renew = () => Promise.reject(new Error('away'));
    await expect(leases.renew(machineId, machines.call(1), to, false)).rejects.toThrow('away');
    expect(await leases.renew(machineId, machines.call(1), to, true)).toBeGreaterThan(to);
    expect(machines.events.registryErrors).toHaveLength(1);
  });
});

describe('ending a lease', () => {
  test('frees nothing before its ceiling has passed', async () => {
    const leases = machines.arbiter({ lastMachineId: 0 });
    const { machineId, to } = await leases.grant(machines.call(1));
    await leases.end(machineId, holder(1));
    await expect(leases.grant(machines.call(2))).rejects.toEqual(code('MACHINE_IDS_EXHAUSTED'));
    await machines.clock.advance(120_000);
    expect((await leases.grant(machines.call(2))).from).toBe(to);
  });

  test('of another instance does nothing', async () => {
    const leases = machines.arbiter();
    const { machineId } = await leases.grant(machines.call(1));
    await leases.end(machineId, holder(2));
    expect((await machines.registry.live([machineId])).get(machineId)).toEqual(holder(1));
  });
});
