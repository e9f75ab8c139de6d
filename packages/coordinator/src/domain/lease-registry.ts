import type { Holder } from './range.ts';

/**
 * Who says to be alive, by machine id: leases in Redis with a TTL. It tells who holds what and keeps a machine id
 * reserved while its holder lives; that no two holders share a millisecond rests on the ceilings alone.
 */
export interface LeaseRegistry {
  /**
   * Renews the lease, or enters it where the registry has none (a Redis that forgot is simply told again).
   * Resolves to false where another instance stands there.
   * @throws STORE_UNAVAILABLE
   */
  renew(machineId: number, holder: Holder, ttlMs: number): Promise<boolean>;
  /** Removes the lease where it is this instance's. @throws STORE_UNAVAILABLE */
  end(machineId: number, instanceId: string): Promise<void>;
  /** Those of `machineIds` that have a live lease, with its holder. @throws STORE_UNAVAILABLE */
  live(machineIds: readonly number[]): Promise<Map<number, Holder>>;
}
