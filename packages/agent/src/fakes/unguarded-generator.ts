import { LeafcutterError } from '@leafcutter/shared/errors';
import { composeBase } from '@leafcutter/shared/layout';
import type { Lease } from '../domain/snowflake/lease.ts';
import { SnowflakeGenerator } from '../domain/snowflake/snowflake-generator.ts';

/** The guards that keep snowflake IDs unique, in their window and in order. Each can be left out. */
export type Guard = 'to' | 'from' | 'last' | 'drift' | 'overflow' | 'new lease' | 'random above last';

type Parts = ConstructorParameters<typeof SnowflakeGenerator>[0];

/** What tests use of a generator. */
export type Generator = Pick<SnowflakeGenerator, 'hold' | 'drop' | 'next'>;

/** The real generator or, for a negative control, one that lacks a guard. */
export function generatorWith(parts: Parts, without?: Guard): Generator {
  return without === undefined ? new SnowflakeGenerator(parts) : new UnguardedGenerator(parts, without);
}

/**
 * A second implementation of the generator that leaves out one guard: what it does wrong in a scenario is what that
 * guard prevents. With no guard left out it issues exactly what the real one does; a test compares the two.
 */
export class UnguardedGenerator implements Generator {
  readonly #parts: Parts;
  readonly #without: Guard | undefined;
  readonly #full: number;
  #lease: Lease | undefined;
  #last = 0;
  #base = 0n;
  #sequence: number;

  constructor(parts: Parts, without?: Guard) {
    this.#parts = parts;
    this.#without = without;
    this.#full = 2 ** parts.rules.layout.sequenceBits;
    this.#sequence = this.#full;
  }

  hold(lease: Lease): void {
    const held = this.#lease;
    this.#lease = lease;
    if (held?.machineId === lease.machineId && held.from === lease.from) return;
    if (this.#has('new lease')) this.#sequence = this.#full;
    else this.#start(this.#last, lease, 0);
  }

  drop(): void {
    this.#lease = undefined;
  }

  next(): bigint {
    const { clock, rules, random } = this.#parts;
    const lease = this.#lease;
    if (lease === undefined) throw new LeafcutterError('LEASE_LOST', 'none');
    const now = clock.now();
    const from = this.#has('from') ? lease.from : 0;
    let timestamp = Math.max(now, from, this.#has('last') ? this.#last : 0);
    const usedUp = timestamp === this.#last && this.#sequence >= this.#full;
    if (usedUp && !this.#has('random above last')) this.#start(timestamp, lease, this.#draw(random));
    else if (usedUp && this.#has('overflow')) timestamp += 1;
    if (this.#has('drift') && timestamp - now > rules.maxClockDriftMs)
      throw new LeafcutterError('CLOCK_BACKWARDS', 'behind');
    if (this.#has('to') && timestamp >= lease.to) throw new LeafcutterError('LEASE_LOST', 'over');
    if (timestamp !== this.#last) {
      const busy = timestamp === this.#last + 1 && this.#sequence > this.#full - 1 - rules.sequenceStartMax;
      this.#start(timestamp, lease, busy ? 0 : this.#draw(random));
    }
    return this.#base + BigInt(this.#sequence++);
  }

  #has(guard: Guard): boolean {
    return this.#without !== guard;
  }

  #draw(random: () => number): number {
    return Math.floor(random() * (this.#parts.rules.sequenceStartMax + 1));
  }

  #start(timestamp: number, lease: Lease, sequence: number): void {
    this.#last = timestamp;
    this.#base = composeBase(this.#parts.rules.layout, timestamp, lease.machineId);
    this.#sequence = sequence;
  }
}
