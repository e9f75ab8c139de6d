import { counterKey, type LedgerEntry } from '../domain/range.ts';
import type { Deployment, MachineIdRecord, TagRecord } from '../domain/store.ts';
import { SAMPLE_DEPLOYMENT } from './samples.ts';

export type TagRow = Omit<TagRecord, 'highWater'>;
/** Without a layout until the first coordinator says its own. */
export type DeploymentRow = Omit<Deployment, 'nowMs' | 'layout'> & { readonly layout: string | undefined };

/** Changes one row and answers how to take that back. */
export type Write = () => () => void;

/** Commits that `loseLast` can take back; older ones are forgotten, so that long simulations stay small. */
const MAX_HISTORY = 1_000;

/**
 * Tables, row locks and history of a database in memory. Several `MemoryStore`s may share one, as coordinators
 * share a MySQL.
 */
export class MemoryDatabase {
  readonly deployment: Map<1, DeploymentRow>;
  readonly tags = new Map<string, TagRow>();
  /** Ends of the highest segments, which outlive their tags' rows. */
  readonly highWaters = new Map<string, bigint>();
  readonly machineIds = new Map<number, MachineIdRecord>();
  readonly ledger = new Map<string, LedgerEntry>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #commits: (() => void)[][] = [];

  /** It knows the sample Redis, unless told another generation, or `null` for none. */
  constructor(generation: string | null = SAMPLE_DEPLOYMENT.identity.generation) {
    const { deploymentId: id } = SAMPLE_DEPLOYMENT.identity;
    const row = { id, layout: undefined, generation: generation ?? undefined };
    this.deployment = new Map([[1, { ...row, confirmedAtMs: 0, sweep: 0, sweptAtMs: 0 }]]);
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
