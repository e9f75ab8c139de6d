import type { Holder } from '../allocation/range.ts';

/**
 * - kept: the lease is this instance's, for another `ttlMs`.
 * - absent: no lease stands there; nothing was entered.
 * - taken: another instance's lease stands there, as it stood.
 */
export type Renewal = 'kept' | 'absent' | 'taken';

/**
 * Who says to be alive, by machine id: leases in Redis with a TTL. It tells who holds what and keeps a machine id
 * reserved while its holder lives; that no two holders share a millisecond rests on the ceilings alone.
 *
 * It believes whoever enters a lease. So only holders may enter one: who was just granted the machine id, and who has it
 * by the word of the store when the registry forgot.
 */
export interface LeaseRegistry {
  /** Enters a holder's lease, unless another instance's stands there. @throws STORE_UNAVAILABLE */
  enter(machineId: number, holder: Holder, ttlMs: number): Promise<Exclude<Renewal, 'absent'>>;
  /** Renews a lease that stands there. @throws STORE_UNAVAILABLE */
  renew(machineId: number, holder: Holder, ttlMs: number): Promise<Renewal>;
  /** Removes the lease where it is this instance's. @throws STORE_UNAVAILABLE */
  end(machineId: number, instanceId: string): Promise<void>;
  /** Those of `machineIds` that have a live lease, with its holder. @throws STORE_UNAVAILABLE */
  live(machineIds: readonly number[]): Promise<Map<number, Holder>>;
}
