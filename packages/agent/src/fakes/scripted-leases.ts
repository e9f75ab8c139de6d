import type { GrantedLease, Lease, LeaseSource } from '../domain/snowflake/lease.ts';

interface HeldCall<T> {
  answer(value: T): void;
  fail(error: Error): void;
}

/**
 * Coordinators that a test directs. Each grant takes the next machine id with a window that starts now; each
 * extension adds a window. `grants` and `renewals` say whether they answer at once (`now`), only when told (`held`),
 * or with an error.
 */
export class ScriptedLeases implements LeaseSource {
  grants: 'now' | 'held' | Error = 'now';
  renewals: 'now' | 'held' | Error = 'now';
  ends: 'now' | Error = 'now';
  windowMs = 120_000;
  heartbeatMs = 15_000;
  nextMachineId = 0;
  readonly heldGrants: HeldCall<GrantedLease>[] = [];
  readonly heldRenewals: HeldCall<number>[] = [];
  /** The calls made, in order: `grant`, `renew 0`, `extend 0`, `end 0`. */
  readonly calls: string[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async grant(): Promise<GrantedLease> {
    this.calls.push('grant');
    const { grants } = this;
    if (grants instanceof Error) throw grants;
    if (grants === 'held') return new Promise((answer, fail) => this.heldGrants.push({ answer, fail }));
    return this.nextLease();
  }

  async renew(lease: Lease, extend: boolean): Promise<number> {
    this.calls.push(`${extend ? 'extend' : 'renew'} ${lease.machineId}`);
    const { renewals } = this;
    if (renewals instanceof Error) throw renewals;
    if (renewals === 'held') return new Promise((answer, fail) => this.heldRenewals.push({ answer, fail }));
    return extend ? Math.max(lease.to, this.#now() + this.windowMs) : lease.to;
  }

  async end(lease: Lease): Promise<void> {
    this.calls.push(`end ${lease.machineId}`);
    if (this.ends instanceof Error) throw this.ends;
  }

  nextLease(): GrantedLease {
    const from = this.#now();
    return {
      machineId: this.nextMachineId++,
      from,
      to: from + this.windowMs,
      heartbeatMs: this.heartbeatMs,
    };
  }

  /** How often `call` was made. */
  count(call: string): number {
    return this.calls.filter((made) => made === call).length;
  }
}
