import type { Locks, Release } from '@leafcutter/coordinator/domain/allocation/locks';
import {
  type CounterName,
  counterKey,
  type LedgerEntry,
} from '@leafcutter/coordinator/domain/allocation/range';
import type { MachineIdRecord } from '@leafcutter/coordinator/domain/allocation/store';
import { MemoryDatabase, put, type Write } from '@leafcutter/coordinator/fakes/memory-database';
import { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { type Clock, sleep } from '@leafcutter/shared/clock';

/**
 * The fakes of the stores for a large fleet. They look things up where the plain ones search all rows, as a database
 * does by its indexes. That fleets of every size find the same answers as on the plain ones is no question of size.
 */

/** Rows of machine ids, in the order in which they are granted: oldest ceiling first. */
class MachineIdTable extends Map<number, MachineIdRecord> {
  readonly #order: MachineIdRecord[] = [];

  override set(machineId: number, row: MachineIdRecord): this {
    const before = this.get(machineId);
    if (before !== undefined) this.#order.splice(this.#placeOf(before), 1);
    this.#order.splice(this.#placeOf(row), 0, row);
    return super.set(machineId, row);
  }

  page(offset: number, limit: number): MachineIdRecord[] {
    return this.#order.slice(offset, offset + limit);
  }

  /** Where the row stands, or would. */
  #placeOf({ ceilingMs, machineId }: MachineIdRecord): number {
    let [from, to] = [0, this.#order.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const there = this.#order[middle] as MachineIdRecord;
      const isBefore =
        there.ceilingMs < ceilingMs || (there.ceilingMs === ceilingMs && there.machineId < machineId);
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Of the ledger it keeps the last range of each counter; `GrantCheck` has all of them. */
export class FleetDatabase extends MemoryDatabase {
  override readonly machineIds: MachineIdTable = new MachineIdTable();

  override enter(entry: LedgerEntry): Write {
    return put(this.ledger, rowOf(entry.counter), entry);
  }

  override rangesOf(name: CounterName): LedgerEntry[] {
    const last = this.ledger.get(rowOf(name));
    return last === undefined ? [] : [last];
  }
}

function rowOf(name: CounterName): string {
  return `${name.kind} ${counterKey(name)}`;
}

/** A transaction takes `commitMs` with its rows locked. */
export class FleetStore extends MemoryStore {
  readonly #tables: FleetDatabase;

  constructor(clock: Clock, database: FleetDatabase, commitMs: number) {
    super(clock, database);
    this.#tables = database;
    this.beforeCommit = () => sleep(clock, commitMs);
  }

  override async listMachineIds(
    first: number,
    last: number,
    offset: number,
    limit: number,
  ): Promise<MachineIdRecord[]> {
    const { machineIds } = this.#tables;
    if (first < last) return machineIds.page(offset, limit);
    const only = machineIds.get(first);
    return only === undefined ? [] : [only];
  }
}

const POLL_MIN_MS = 5;
const POLL_MAX_MS = 25;

/** Locks that the coordinators of one deployment share. A holder always gives its lock back in time. */
export class FleetLocks implements Locks {
  readonly #held = new Set<string>();
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  async acquire(name: string, { waitMs }: { waitMs: number }): Promise<Release | undefined> {
    const until = this.#clock.monotonic() + waitMs;
    while (this.#held.has(name)) {
      if (this.#clock.monotonic() >= until) return undefined;
      await sleep(this.#clock, POLL_MIN_MS + this.#random() * (POLL_MAX_MS - POLL_MIN_MS));
    }
    this.#held.add(name);
    return async () => void this.#held.delete(name);
  }
}

/** What does one thing after the other: a coordinator's event loop, or Redis. */
export class Station {
  readonly #clock: Clock;
  #freeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When work of `ms` that arrives `afterMs` from now will be done, milliseconds from now. */
  doneAfter(ms: number, afterMs = 0): number {
    const now = this.#clock.monotonic();
    this.#freeAt = Math.max(this.#freeAt, now + afterMs) + ms;
    return this.#freeAt - now;
  }
}
