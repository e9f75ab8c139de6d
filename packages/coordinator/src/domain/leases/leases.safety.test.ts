import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryDatabase } from '../../fakes/memory-database.ts';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { holder, LAYOUT_TEXT, LEASE_RULES, overlaps } from '../../fakes/samples.ts';
import { AgreeableFence, TrustingStore, UnlockedDatabase } from '../../fakes/unguarded.ts';
import { MemoryLeaseRegistry } from '../../stores/memory/lease-registry.ts';
import { noLocks } from '../../stores/memory/no-locks.ts';
import type { Fence } from '../allocation/fence.ts';
import type { Range } from '../allocation/range.ts';
import { type GrantedWindow, LeaseArbiter } from './leases.ts';

/** There is only one machine id, so all windows are windows of it. Each scenario runs with its guard and without. */
const RULES = { ...LEASE_RULES, firstMachineId: 0, lastMachineId: 0 };

let clock: FakeClock;
let registry: MemoryLeaseRegistry;
let events: RecordedEvents;

beforeEach(() => {
  clock = new FakeClock();
  registry = new MemoryLeaseRegistry(clock);
  events = new RecordedEvents();
});

function arbiter(store: MemoryStore, fence: Fence | undefined): LeaseArbiter {
  const parts = { store, fence, registry, locks: noLocks, clock, random: Math.random, rules: RULES, events };
  return new LeaseArbiter({ ...parts, coordinatorId: 'c1' });
}

async function machine0<S extends MemoryStore>(store: S): Promise<S> {
  await store.ensureMachineIds(0, 0);
  return store;
}

const call = (n: number) => ({ holder: holder(n), agentTimeMs: clock.now(), layout: LAYOUT_TEXT });
const windowOf = ({ from, to }: Pick<GrantedWindow, 'from' | 'to'>): Range => ({
  start: BigInt(from),
  end: BigInt(to),
});
const lost = (reason: string) => expect.objectContaining({ code: 'LEASE_LOST', reason });

/** Lets retries take their time. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  await clock.advance(1_000);
  return answer;
}

describe('an extension', () => {
  test('starts at the end that its holder has, and doubles the window up to its longest', async () => {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, new MemoryFence());
    let { to } = await leases.grant(call(1));
    const lengths: number[] = [];
    for (let i = 0; i < 5; i++) {
      await clock.advance(to - clock.now() - 30_000);
      to = await leases.renew(0, call(1), to, true);
      lengths.push(to - clock.now());
    }
    expect(lengths).toEqual([240_000, 480_000, 600_000, 600_000, 600_000]);
    const ledger = await store.readLedger(undefined, 10);
    expect(ledger.slice(1).map(({ start }) => start)).toEqual(ledger.slice(0, -1).map(({ end }) => end));
    expect(events.extended).toHaveLength(5);
  });

  test('that would add nothing leaves everything as it is', async () => {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, new MemoryFence());
    const { to } = await leases.grant(call(1));
    let end = await leases.renew(0, call(1), to, true);
    end = await leases.renew(0, call(1), end, true);
    end = await leases.renew(0, call(1), end, true);
    expect(await leases.renew(0, call(1), end, true)).toBe(end);
    expect(events.extended).toHaveLength(3);
    expect(await store.readLedger(undefined, 10)).toHaveLength(4);
  });

  test.each([-1, 1])('from %d ms off the end is refused', async (offMs) => {
    const leases = arbiter(await machine0(new MemoryStore(clock)), new MemoryFence());
    const { to } = await leases.grant(call(1));
    await expect(leases.renew(0, call(1), to + offMs, true)).rejects.toEqual(lost('ceiling_moved'));
  });

  test('asked for again from the old end, after a lost answer, is refused', async () => {
    const leases = arbiter(await machine0(new MemoryStore(clock)), new MemoryFence());
    const { to } = await leases.grant(call(1));
    await leases.renew(0, call(1), to, true);
    await expect(leases.renew(0, call(1), to, true)).rejects.toEqual(lost('ceiling_moved'));
  });

  test.each([
    ['after-commit', true],
    ['after-commit', false],
    ['before-commit', true],
  ] as const)(
    'whose COMMIT is unclear (%s, fence: %s) is refused: the end may have moved',
    async (fault, fenced) => {
      const store = await machine0(new MemoryStore(clock));
      const leases = arbiter(store, fenced ? new MemoryFence() : undefined);
      const { to } = await leases.grant(call(1));
      store.failNext(fault);
      await expect(inTime(leases.renew(0, call(1), to, true))).rejects.toEqual(lost('ceiling_moved'));
    },
  );

  test('whose COMMIT never happened, and that no fence remembers, goes on from the same end', async () => {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, undefined);
    const { to } = await leases.grant(call(1));
    store.failNext('before-commit');
    expect(await inTime(leases.renew(0, call(1), to, true))).toBeGreaterThan(to);
    expect(overlaps(await store.readLedger(undefined, 10))).toEqual([]);
  });

  test('by a holder whose machine id went to another, while the registry forgot both, is refused', async () => {
    const leases = arbiter(await machine0(new MemoryStore(clock)), new MemoryFence());
    const first = await leases.grant(call(1));
    await clock.advance(120_000);
    const second = await leases.grant(call(2));
    await registry.end(0, holder(2).instanceId);
    for (const to of [first.to, second.to]) {
      await expect(leases.renew(0, call(1), to, true)).rejects.toEqual(lost('held_by_another'));
    }
  });
});

describe('a holder that extends in the very moment another instance is granted its machine id', () => {
  async function race(database: MemoryDatabase, fence: Fence | undefined): Promise<Range[]> {
    const store = await machine0(new MemoryStore(clock, database));
    const leases = arbiter(store, fence);
    const first = await leases.grant(call(1));
    await clock.advance(120_000);
    const [granted, extended] = await Promise.allSettled([
      leases.grant(call(2)),
      // The locks answer each of them as if it were alone; the ceiling has to prevent it.
      new LeaseArbiter({
        store,
        fence,
        registry: new MemoryLeaseRegistry(clock),
        locks: noLocks,
        clock,
        random: Math.random,
        rules: RULES,
        events,
        coordinatorId: 'c2',
      }).renew(0, call(1), first.to, true),
    ]);
    return [
      ...(granted.status === 'fulfilled' ? [windowOf(granted.value)] : []),
      ...(extended.status === 'fulfilled' ? [windowOf({ from: first.to, to: extended.value })] : []),
    ];
  }

  test('is one of two, never both', async () => {
    expect(await race(new MemoryDatabase(), undefined)).toHaveLength(1);
    expect(await race(new MemoryDatabase(), new MemoryFence())).toHaveLength(1);
  });

  test('NEGATIVE CONTROL: without row lock and fence both get the same time', async () => {
    expect(overlaps(await race(new UnlockedDatabase(), undefined))).toHaveLength(1);
  });
});

describe('a database that lost its last commits', () => {
  /** The database and the registry both forget a grant; another instance asks at once. */
  async function forgottenGrant(fence: Fence): Promise<Range[]> {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, fence);
    const windows = [windowOf(await leases.grant(call(1)))];
    store.database.loseLast(1);
    await registry.end(0, holder(1).instanceId);
    const second = await leases.grant(call(2)).catch(() => undefined);
    return second === undefined ? windows : [...windows, windowOf(second)];
  }

  test('does not grant a window of the time that it forgot', async () => {
    expect(await forgottenGrant(new MemoryFence())).toHaveLength(1);
  });

  test('NEGATIVE CONTROL: with a fence that always agrees it does', async () => {
    expect(overlaps(await forgottenGrant(new AgreeableFence()))).toHaveLength(1);
  });

  /** A takes its machine id, leaves it, B takes it; the database forgets B, and A comes back to extend. */
  async function forgottenSuccessor(fence: Fence): Promise<Range[]> {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, fence);
    const a = await leases.grant(call(1));
    await clock.advance(120_000);
    const b = await leases.grant(call(2));
    store.database.loseLast(1);
    await registry.end(0, holder(2).instanceId);
    const to = await leases.renew(0, call(1), a.to, true).catch(() => undefined);
    return [windowOf(b), ...(to === undefined ? [] : [windowOf({ from: a.to, to })])];
  }

  test('does not let a former holder extend into its successor’s window', async () => {
    expect(await forgottenSuccessor(new MemoryFence())).toHaveLength(1);
  });

  test('NEGATIVE CONTROL: with a fence that always agrees it does', async () => {
    expect(overlaps(await forgottenSuccessor(new AgreeableFence()))).toHaveLength(1);
  });

  test('grants the machine id again when the time that it forgot has passed', async () => {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, new MemoryFence());
    const first = await leases.grant(call(1));
    store.database.loseLast(1);
    await registry.end(0, holder(1).instanceId);
    await expect(leases.grant(call(2))).rejects.toMatchObject({ code: 'MACHINE_IDS_EXHAUSTED' });
    await clock.advance(120_000);
    expect((await leases.grant(call(2))).from).toBe(first.to);
  });
});

describe('a grant whose COMMIT is unclear', () => {
  async function unclearGrant(store: MemoryStore): Promise<Range[]> {
    const leases = arbiter(await machine0(store), undefined);
    const windows: Range[] = [];
    store.failNext('before-commit');
    for (const n of [1, 2]) {
      await registry.end(0, holder(1).instanceId);
      const lease = await inTime(leases.grant(call(n))).catch(() => undefined);
      if (lease !== undefined) windows.push(windowOf(lease));
    }
    return windows;
  }

  test('gives the time to one holder at most', async () => {
    expect(await unclearGrant(new MemoryStore(clock))).toHaveLength(1);
  });

  test('NEGATIVE CONTROL: taken for a success, it gives it to two', async () => {
    expect(overlaps(await unclearGrant(new TrustingStore(clock)))).toHaveLength(1);
  });
});

describe('a registry that knows nothing', () => {
  /** Redis is wiped while a holder is well alive; the ceiling alone stands between it and the next. */
  async function wipedRegistry(advanceCeiling: boolean): Promise<Range[]> {
    const store = await machine0(new MemoryStore(clock));
    const leases = arbiter(store, undefined);
    const windows = [windowOf(await leases.grant(call(1)))];
    await registry.end(0, holder(1).instanceId);
    if (!advanceCeiling) {
      store.database.machineIds.set(0, { machineId: 0, ceilingMs: 0n, windowMs: 0, holder: undefined });
      store.database.ledger.clear();
    }
    const second = await leases.grant(call(2)).catch(() => undefined);
    return second === undefined ? windows : [...windows, windowOf(second)];
  }

  test('does not give a window to two holders', async () => {
    expect(await wipedRegistry(true)).toHaveLength(1);
  });

  test('NEGATIVE CONTROL: with a ceiling that does not stand, and no ledger, it does', async () => {
    expect(overlaps(await wipedRegistry(false))).toHaveLength(1);
  });
});

test('many instances that ask two coordinators at once get windows that never share a machine id and a millisecond', async () => {
  const database = new MemoryDatabase();
  const store = new MemoryStore(clock, database);
  await store.ensureMachineIds(0, 31);
  const parts = { fence: new MemoryFence(), registry, locks: noLocks, clock, random: Math.random, events };
  const rules = { ...LEASE_RULES, lastMachineId: 31 };
  const coordinators = ['c1', 'c2'].map(
    (coordinatorId) =>
      new LeaseArbiter({ ...parts, rules, coordinatorId, store: new MemoryStore(clock, database) }),
  );
  const asked = Array.from({ length: 32 }, (_, n) => coordinators[n % 2]?.grant(call(n)));
  const granted = (await Promise.all(asked)).map((lease) => lease?.machineId);
  expect(new Set(granted).size).toBe(32);
});
