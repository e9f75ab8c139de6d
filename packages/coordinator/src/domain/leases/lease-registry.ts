import type { Holder } from '../allocation/range.ts';

/**
 * - kept: the lease is this instance's, for another `ttlMs`.
 * - absent: no lease stands there; nothing was entered.
 * - taken: another instance's lease stands there, unchanged.
 */
export type Renewal = 'kept' | 'absent' | 'taken';

/**
 * The live leases by machine id. A lease that isn't renewed in time lapses by itself. The registry tells who holds
 * what, and keeps a machine id reserved while its holder lives. That no two holders share a millisecond rests on the
 * ceilings alone.
 *
 * It does not check who enters a lease. So only holders may: an instance that was just granted the machine id, or one
 * that holds it according to the store after the registry forgot.
 */
export interface LeaseRegistry {
  /** Enters a holder's lease for `ttlMs`, unless another instance's stands there. @throws STORE_UNAVAILABLE */
  enter(machineId: number, holder: Holder, ttlMs: number): Promise<Exclude<Renewal, 'absent'>>;
  /** Renews a lease that stands there. @throws STORE_UNAVAILABLE */
  renew(machineId: number, holder: Holder, ttlMs: number): Promise<Renewal>;
  /** Removes the lease if it is this instance's. @throws STORE_UNAVAILABLE */
  end(machineId: number, instanceId: string): Promise<void>;
  /** Those of `machineIds` that have a live lease, with its holder. @throws STORE_UNAVAILABLE */
  live(machineIds: readonly number[]): Promise<Map<number, Holder>>;
}
