import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import {
  type GrantedWindow,
  LeaseArbiter,
  type LeaseCall,
} from '@leafcutter/coordinator/domain/leases/leases';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';

import { overriding } from '../overriding.ts';
import type { PlantedBug } from './planted-bug.ts';

type Parts = ConstructorParameters<typeof LeaseArbiter>[0];

/** Bugs in how a coordinator grants windows of time. */
export const LEASE_BUGS = {
  'an extension although another end is held': {
    breaks: ['I2'],
    coordinator: { leases: (parts) => new GenerousArbiter(parts) },
  },
  'a lease on the word of the registry alone': {
    breaks: ['I2'],
    coordinator: { leases: (parts) => new RegistryArbiter(parts) },
  },
  "a ceiling from the agent's clock": {
    breaks: ['I5'],
    coordinator: { leases: (parts) => new CredulousArbiter(parts) },
    aimed: ['agent-clock-jumps'],
  },
} satisfies Record<string, PlantedBug>;

/** Extends from the end that the agent names, whatever the ceiling is. */
class GenerousArbiter extends LeaseArbiter {
  readonly #windowMs: number;

  constructor(parts: Parts) {
    super(parts);
    this.#windowMs = parts.rules.windowInitialMs;
  }

  override async renew(...call: Parameters<LeaseArbiter['renew']>): Promise<number> {
    const [, , to, extend] = call;
    try {
      return await super.renew(...call);
    } catch (error) {
      if (extend && hasCode(error, 'LEASE_LOST') && error.reason === 'ceiling_moved')
        return to + this.#windowMs;
      throw error;
    }
  }
}

/** Believes that a machine id is free if no live lease on it is in Redis. */
class RegistryArbiter extends LeaseArbiter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    super(parts);
    this.#parts = parts;
  }

  override async grant({ holder }: LeaseCall): Promise<GrantedWindow> {
    const { registry, rules, clock } = this.#parts;
    const machineIds = Array.from({ length: rules.lastMachineId + 1 }, (_, machineId) => machineId);
    const live = await registry.live(machineIds);
    const machineId = machineIds.find((candidate) => !live.has(candidate));
    if (machineId === undefined) throw new LeafcutterError('MACHINE_IDS_EXHAUSTED', 'None is free.');
    await registry.enter(machineId, holder, rules.leaseTtlMs);
    return { machineId, from: clock.now(), to: clock.now() + rules.windowInitialMs };
  }
}

/** Believes the agent about the time. */
class CredulousArbiter extends LeaseArbiter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    super(parts);
    this.#parts = parts;
  }

  override grant(call: LeaseCall): Promise<GrantedWindow> {
    return this.#at(call.agentTimeMs).grant(call);
  }

  override renew(...call: Parameters<LeaseArbiter['renew']>): Promise<number> {
    return this.#at(call[1].agentTimeMs).renew(...call);
  }

  #at(nowMs: number): LeaseArbiter {
    const { store, clock } = this.#parts;
    return new LeaseArbiter({
      ...this.#parts,
      clock: { ...clock, now: () => nowMs },
      store: storeAt(store, nowMs),
    });
  }
}

function storeAt(store: Store, nowMs: number): Store {
  return overriding(store, {
    now: async () => nowMs,
    withMachineId: (machineId, work) => store.withMachineId(machineId, (row) => work({ ...row, nowMs })),
    withMachineIds: (machineIds, work) =>
      store.withMachineIds(machineIds, (group) =>
        work({ ...group, rows: group.rows.map((row) => ({ ...row, nowMs })) }),
      ),
  });
}
