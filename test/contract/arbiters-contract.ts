import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Locks } from '@leafcutter/coordinator/domain/allocation/locks';
import { maxBigint, type Range } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import type { LeaseRegistry } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { type GrantedWindow, LeaseArbiter } from '@leafcutter/coordinator/domain/leases/leases';
import { audit } from '@leafcutter/coordinator/domain/ledger/audit';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import {
  CALM,
  holder,
  LAYOUT_TEXT,
  LEASE_RULES,
  newTag,
  overlaps,
  SEGMENT_RULES,
} from '@leafcutter/coordinator/fakes/samples';
import { systemClock } from '@leafcutter/shared/system-clock';
import { PATIENCE_MS } from '../support/patience.ts';
import { MovedTime } from './moved-time.ts';

/** The ports of one coordinator. */
export interface Ports {
  readonly store: Store;
  readonly fence: Fence | undefined;
  readonly registry: LeaseRegistry;
  readonly locks: Locks;
}

export interface CoordinatorsUnderTest {
  /** Coordinators that share their stores; only one if the adapters allow no more. */
  readonly coordinators: readonly [Ports, ...Ports[]];
  close(): Promise<void>;
}

export interface Coordinator {
  readonly segments: SegmentArbiter;
  readonly leases: LeaseArbiter;
  readonly events: RecordedEvents;
}

/**
 * Deadlines that hold even if the machine stands still for seconds: no test here is about deadlines or skew.
 */
const UNHURRIED = { deadlineMs: PATIENCE_MS, maxClockSkewMs: 30_000, leaseTtlMs: 3_600_000 };
const RULES = { ...LEASE_RULES, ...UNHURRIED, lastMachineId: 31 };

export function coordinator(ports: Ports, n = 1, clock = systemClock): Coordinator {
  const events = new RecordedEvents();
  const parts = { ...ports, clock, random: Math.random, events, coordinatorId: `c${n}` };
  return {
    segments: new SegmentArbiter({ ...parts, rules: { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS } }),
    leases: new LeaseArbiter({ ...parts, rules: RULES }),
    events,
  };
}

/** Looks after the coordinators' fence; does nothing until told to. */
export function guard({ store, fence, locks }: Omit<Ports, 'registry'>, events: RecordedEvents): FenceGuard {
  return new FenceGuard({
    store,
    fence: fence ?? new MemoryFence(),
    locks,
    clock: systemClock,
    events,
    layout: LAYOUT_TEXT,
    newGeneration: randomUUID,
    coordinatorId: 'c1',
  });
}

/** What arbiters do on every real combination of stores: the same as on the fakes. */
export function arbitersContract(name: string, open: () => Promise<CoordinatorsUnderTest>): void {
  describe(`segments and leases on ${name}`, () => {
    let subject: CoordinatorsUnderTest;
    let ports: Ports;
    let coordinators: Coordinator[];
    let one: Coordinator;
    let time: MovedTime;

    beforeEach(async () => {
      subject = await open();
      ports = subject.coordinators[0];
      time = new MovedTime();
      coordinators = subject.coordinators.map((each, n) =>
        coordinator({ ...each, store: time.of(each.store) }, n, time.clock),
      );
      one = coordinators[0] as Coordinator;
      await guard(ports, one.events).check();
      await ports.store.createTag(newTag('orders'));
      await ports.store.ensureMachineIds(0, 31);
    });
    afterEach(async () => {
      expect((await audit(ports.store, ports.fence)).violations).toEqual([]);
      await subject.close();
    });

    const leaseCall = (n: number) => ({ holder: holder(n), agentTimeMs: time.now(), layout: LAYOUT_TEXT });
    const any = (n: number) => coordinators[n % coordinators.length] as Coordinator;

    test('segments of one coordinator follow one another from 1', async () => {
      const segments: Range[] = [];
      for (let n = 0; n < 3; n++) segments.push(await one.segments.grant('orders', holder(n), CALM));
      expect(segments.map(({ start }) => start)).toEqual([1n, 101n, 201n]);
    });

    test('300 requests at once through every coordinator, on two tags, get 300 segments that share no number', async () => {
      await ports.store.createTag(newTag('users'));
      const asked = Array.from({ length: 300 }, (_, n) => {
        const tag = n % 3 === 2 ? 'users' : 'orders';
        return any(n)
          .segments.grant(tag, holder(n), CALM)
          .then((range) => ({ tag, ...range }));
      });
      const granted = await Promise.all(asked);
      for (const tag of ['orders', 'users']) {
        const ranges = granted.filter((range) => range.tag === tag);
        expect(overlaps(ranges)).toEqual([]);
        const highest = ranges.reduce((top, { end }) => maxBigint(top, end), 0n);
        // A COMMIT that gave way, as on Galera, or an answer that came too late leaves a gap.
        expect(highest).toBeGreaterThanOrEqual(1n + 100n * BigInt(ranges.length));
      }
      const transactions = coordinators.flatMap(({ events }) => events.groups).length;
      expect(transactions).toBeLessThan(30);
      expect((await audit(ports.store, ports.fence)).ranges).toBe(300);
    });

    test('a tag with a highest ID is used up to it and no further', async () => {
      await ports.store.createTag(newTag('small', { highestId: 1_050n }));
      const asked = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => any(n).segments.grant('small', holder(n), CALM)),
      );
      const granted = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      expect(overlaps(granted)).toEqual([]);
      expect(granted.reduce((sum, { start, end }) => sum + end - start, 0n)).toBe(1_050n);
      for (const answer of asked) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'TAG_EXHAUSTED' });
      }
    });

    test('a retired tag and an unknown one are refused by everyone', async () => {
      await ports.store.changeTag('orders', { retired: true });
      for (const { segments } of coordinators) {
        await expect(segments.grant('orders', holder(1), CALM)).rejects.toMatchObject({
          code: 'TAG_RETIRED',
        });
        await expect(segments.grant('nobody', holder(1), CALM)).rejects.toMatchObject({
          code: 'TAG_UNKNOWN',
        });
      }
    });

    test('32 instances at once get the 32 machine ids, and the 33rd none', async () => {
      const granted = await Promise.all(
        Array.from({ length: 32 }, (_, n) => any(n).leases.grant(leaseCall(n))),
      );
      expect(new Set(granted.map(({ machineId }) => machineId)).size).toBe(32);
      const oneMore = one.leases.grant(leaseCall(33));
      await expect(oneMore).rejects.toMatchObject({ code: 'MACHINE_IDS_EXHAUSTED' });
    });

    test('a holder extends through any coordinator, from its very end, and nobody else does', async () => {
      const lease = await one.leases.grant(leaseCall(1));
      const to = await any(1).leases.renew(lease.machineId, leaseCall(1), lease.to, true);
      expect(to).toBeGreaterThan(lease.to);
      for (const [n, end] of [
        [1, lease.to],
        [2, to],
        [1, to + 1],
      ] as const) {
        const refused = any(n).leases.renew(lease.machineId, leaseCall(n), end, true);
        await expect(refused).rejects.toMatchObject({ code: 'LEASE_LOST' });
      }
    });

    test('an extension that is asked for eight times at once happens once', async () => {
      const lease = await one.leases.grant(leaseCall(1));
      const asked = Array.from({ length: 8 }, (_, n) =>
        any(n).leases.renew(lease.machineId, leaseCall(1), lease.to, true),
      );
      const answers = await Promise.allSettled(asked);
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('machine ids are granted again when their ceilings have passed, and no window shares a millisecond', async () => {
      const windows: GrantedWindow[] = [];
      for (let round = 0; round < 3; round++) {
        const leases = await Promise.all(
          Array.from({ length: 32 }, (_, n) => any(n).leases.grant(leaseCall(100 * round + n))),
        );
        for (const [n, { machineId }] of leases.entries())
          await any(n).leases.end(machineId, holder(100 * round + n));
        windows.push(...leases);
        // The database's clock is its own, and on a busy machine seconds behind ours.
        time.moveTo(Math.max(...leases.map(({ to }) => to)) + UNHURRIED.maxClockSkewMs);
      }
      for (let machineId = 0; machineId < 32; machineId++) {
        const own = windows.filter((lease) => lease.machineId === machineId);
        expect(own).toHaveLength(3);
        expect(overlaps(own.map(({ from, to }) => ({ start: BigInt(from), end: BigInt(to) })))).toEqual([]);
      }
    });
  });
}
