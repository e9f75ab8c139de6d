import type { Clock } from '@leafcutter/shared/clock';
import type { Holder } from '../../domain/allocation/range.ts';
import type { LeaseRegistry, Renewal } from '../../domain/leases/lease-registry.ts';

interface Entry {
  readonly holder: Holder;
  readonly endsAt: number;
}

/** Leases in process, for the embedded coordinator. A restart forgets them, which the ceilings make harmless. */
export class MemoryLeaseRegistry implements LeaseRegistry {
  readonly #clock: Clock;
  readonly #leases = new Map<number, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async enter(machineId: number, holder: Holder, ttlMs: number): Promise<'kept' | 'taken'> {
    const current = this.#get(machineId);
    if (current !== undefined && current.instanceId !== holder.instanceId) return 'taken';
    this.#leases.set(machineId, { holder, endsAt: this.#clock.monotonic() + ttlMs });
    return 'kept';
  }

  async renew(machineId: number, holder: Holder, ttlMs: number): Promise<Renewal> {
    return this.#get(machineId) === undefined ? 'absent' : this.enter(machineId, holder, ttlMs);
  }

  async end(machineId: number, instanceId: string): Promise<void> {
    if (this.#get(machineId)?.instanceId === instanceId) this.#leases.delete(machineId);
  }

  async live(machineIds: readonly number[]): Promise<Map<number, Holder>> {
    const live = new Map<number, Holder>();
    for (const machineId of machineIds) {
      const holder = this.#get(machineId);
      if (holder !== undefined) live.set(machineId, holder);
    }
    return live;
  }

  #get(machineId: number): Holder | undefined {
    const entry = this.#leases.get(machineId);
    if (entry === undefined) return undefined;
    if (entry.endsAt > this.#clock.monotonic()) return entry.holder;
    this.#leases.delete(machineId);
    return undefined;
  }
}
