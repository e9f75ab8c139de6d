/** A machine id and the window `[from, to)` of unix milliseconds that this instance may put into IDs. */
export interface Lease {
  readonly machineId: number;
  readonly from: number;
  readonly to: number;
}

/** A lease as granted, with what the coordinator expects of its holder. */
export interface GrantedLease extends Lease {
  /** How often to send a heartbeat, in milliseconds. */
  readonly heartbeatMs: number;
}

/** The source of leases: the coordinators. */
export interface LeaseSource {
  /** @throws MACHINE_IDS_EXHAUSTED, CLOCK_SKEWED, LAYOUT_MISMATCH, TIMESTAMP_EXHAUSTED, COORDINATOR_UNAVAILABLE, STORE_UNAVAILABLE */
  grant(): Promise<GrantedLease>;
  /**
   * One heartbeat; resolves to the end of the window held after it. Asking again after a lost answer is safe: an
   * extension starts exactly at the lease's `to`, or it is refused.
   * @throws LEASE_LOST, and as `grant`
   */
  renew(lease: Lease, extend: boolean): Promise<number>;
  /** Says that this instance is done with the lease. Best effort. */
  end(lease: Lease): Promise<void>;
}
