import { FakeClock } from '@leafcutter/shared/fake-clock';
import { LeaseArbiter, type LeaseCall, type LeaseRules } from '../domain/leases/leases.ts';
import { MemoryLeaseRegistry } from '../stores/memory/lease-registry.ts';
import { noLocks } from '../stores/memory/no-locks.ts';
import { MemoryFence } from './memory-fence.ts';
import { MemoryStore } from './memory-store.ts';
import { RecordedEvents } from './recorded-events.ts';
import { holder, LAYOUT_TEXT, LEASE_RULES } from './samples.ts';

/** A deployment of 200 machine ids that nobody holds, and a coordinator that grants some of them. */
export class Machines {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly fence = new MemoryFence();
  readonly registry: MemoryLeaseRegistry;
  readonly events = new RecordedEvents();

  private constructor(clock: FakeClock) {
    this.clock = clock;
    this.store = new MemoryStore(clock);
    this.registry = new MemoryLeaseRegistry(clock);
  }

  static async make(clock = new FakeClock()): Promise<Machines> {
    const machines = new Machines(clock);
    await machines.store.ensureMachineIds(0, 199);
    return machines;
  }

  arbiter(
    rules: Partial<LeaseRules> = {},
    own: Partial<ConstructorParameters<typeof LeaseArbiter>[0]> = {},
  ): LeaseArbiter {
    return new LeaseArbiter({
      clock: this.clock,
      store: this.store,
      fence: this.fence,
      registry: this.registry,
      events: this.events,
      locks: noLocks,
      random: Math.random,
      coordinatorId: 'c1',
      rules: { ...LEASE_RULES, ...rules },
      ...own,
    });
  }

  /** A call of `holder(n)`. */
  call(n: number, own: Partial<LeaseCall> = {}): LeaseCall {
    return { holder: holder(n), agentTimeMs: this.clock.now(), layout: LAYOUT_TEXT, ...own };
  }

  /** Sets ceilings by machine id, unix milliseconds; nobody holds these. */
  setCeilings(ceilings: Readonly<Record<number, number>>): void {
    for (const [id, ceilingMs] of Object.entries(ceilings)) {
      const machineId = Number(id);
      const free = { machineId, ceilingMs: BigInt(ceilingMs), windowMs: 0, holder: undefined };
      this.store.database.machineIds.set(machineId, free);
    }
  }
}
