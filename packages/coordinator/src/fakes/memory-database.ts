import { randomUUID } from 'node:crypto';
import { counterKey, type LedgerEntry } from '../domain/range.ts';
import type { Deployment, MachineIdRecord, TagRecord } from '../domain/store.ts';

/** Changes one row and answers how to take that back. */
export type Write = () => () => void;

/** Commits that `loseLast` can take back; older ones are forgotten, so that long simulations stay small. */
const MAX_HISTORY = 1_000;

/**
 * Tables, row locks and history of a database in memory. Several `MemoryStore`s may share one, as coordinators
 * share a MySQL.
 */
export class MemoryDatabase {
  readonly deploymentId: string;
  readonly deployments = new Map<1, Deployment>();
  readonly tags = new Map<string, TagRecord>();
  readonly machineIds = new Map<number, MachineIdRecord>();
  readonly ledger = new Map<string, LedgerEntry>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #commits: (() => void)[][] = [];

  constructor(deploymentId: string = randomUUID()) {
    this.deploymentId = deploymentId;
  }

  /** Waits until nobody holds `row`, then holds it until the answer is called. First come, first served. */
  async lock(row: string): Promise<() => void> {
    const before = this.#turns.get(row);
    const { promise: turn, resolve: end } = Promise.withResolvers<void>();
    this.#turns.set(row, turn);
    await before;
    return () => {
      if (this.#turns.get(row) === turn) this.#turns.delete(row);
      end();
    };
  }

  commit(writes: readonly Write[]): void {
    this.#commits.push(writes.map((write) => write()));
    if (this.#commits.length > MAX_HISTORY) this.#commits.shift();
  }

  /** Forgets the last commits, as a failover to a lagging replica does. */
  loseLast(commits: number): void {
    const lost = this.#commits.splice(Math.max(0, this.#commits.length - commits));
    for (const undo of lost.toReversed()) for (const takeBack of undo.toReversed()) takeBack();
  }
}

export function put<K, V>(table: Map<K, V>, key: K, value: V): Write {
  return () => {
    const before = table.get(key);
    table.set(key, value);
    return () => {
      if (before === undefined) table.delete(key);
      else table.set(key, before);
    };
  };
}

/** Sorts as the ledger does: kind (machine ids before tags), counter, start. */
export function ledgerKey(
  entry: Pick<LedgerEntry, 'counter' | 'start'>,
): [kind: string, name: string, start: bigint] {
  const { counter, start } = entry;
  return counter.kind === 'tag'
    ? ['t', counter.tag, start]
    : ['m', counterKey(counter).padStart(10, '0'), start];
}
