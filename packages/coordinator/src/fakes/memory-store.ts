import type { Clock } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { LedgerEntry } from '../domain/range.ts';
import {
  type Deployment,
  type LedgerCursor,
  type LockedMachineId,
  type LockedTag,
  type MachineIdRecord,
  type NewTag,
  RETRY_REASONS,
  type Store,
  type TagChange,
  type TagRecord,
} from '../domain/store.ts';
import { unknownTag } from '../domain/tags.ts';
import { ledgerKey, MemoryDatabase, put, type Write } from './memory-database.ts';

/**
 * What a transaction can die of: `begin` loses the connection before anything happened, `before-commit` loses
 * COMMIT on its way to the database (nothing is written), `after-commit` loses only its answer (all is written).
 */
export type StoreFault = 'begin' | 'before-commit' | 'after-commit';

/** The store in memory, for tests and simulations. Its time is the given clock's, its faults are asked for. */
export class MemoryStore implements Store {
  readonly database: MemoryDatabase;
  /** Awaited before every COMMIT, with the row locked: a test holds a transaction open here. */
  beforeCommit: () => Promise<void> = async () => undefined;
  /** Transactions begun. */
  transactions = 0;
  readonly #clock: Clock;
  readonly #faults: StoreFault[] = [];

  constructor(clock: Clock, database: MemoryDatabase = new MemoryDatabase()) {
    this.#clock = clock;
    this.database = database;
  }

  /** Lets the next transaction that gets there die so; asked for twice, the next two. */
  failNext(fault: StoreFault): void {
    this.#faults.push(fault);
  }

  async identify(layout: string): Promise<Deployment> {
    const { deployments, deploymentId } = this.database;
    const existing = deployments.get(1);
    if (existing !== undefined) return existing;
    const own = { id: deploymentId, layout };
    this.database.commit([put(deployments, 1, own)]);
    return own;
  }

  async now(): Promise<number> {
    return this.#clock.now();
  }

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    const { tags } = this.database;
    return this.#transaction(`tag:${tag}`, async (writes, nowMs) => {
      const record = tags.get(tag);
      if (record === undefined) throw unknownTag(tag);
      return work({
        name: { kind: 'tag', tag },
        value: record.nextId,
        nowMs,
        tag: record,
        advance: async (to, entries) => {
          writes.push(
            put(tags, tag, { ...record, nextId: to }),
            ...entries.map((entry) => this.#enter(entry)),
          );
        },
      });
    });
  }

  async createTag(tag: NewTag): Promise<TagRecord> {
    const record = { ...tag, retired: false };
    return this.#transaction(`tag:${tag.tag}`, async (writes) => {
      if (this.database.tags.has(tag.tag)) {
        throw new LeafcutterError(
          'TAG_EXISTS',
          `Tag "${tag.tag}", or one that differs only in case, exists already.`,
        );
      }
      writes.push(put(this.database.tags, tag.tag, record));
      return record;
    });
  }

  async changeTag(tag: string, change: TagChange): Promise<TagRecord> {
    return this.#transaction(`tag:${tag}`, async (writes) => {
      const before = this.database.tags.get(tag);
      if (before === undefined) throw unknownTag(tag);
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      const after = {
        ...before,
        ...Object.fromEntries(given.map(([key, value]) => [key, value ?? undefined])),
      };
      writes.push(put(this.database.tags, tag, after));
      return after;
    });
  }

  async findTag(tag: string): Promise<TagRecord | undefined> {
    return this.database.tags.get(tag);
  }

  async findTags(tags: readonly string[]): Promise<TagRecord[]> {
    return [...new Set(tags)].flatMap((tag) => this.database.tags.get(tag) ?? []);
  }

  async listTags(after: string | undefined, limit: number): Promise<TagRecord[]> {
    return [...this.database.tags.values()]
      .filter((record) => after === undefined || bytewise(record.tag, after) > 0)
      .sort((a, b) => bytewise(a.tag, b.tag))
      .slice(0, limit);
  }

  async ensureMachineIds(first: number, last: number): Promise<void> {
    const { machineIds } = this.database;
    for (let machineId = first; machineId <= last; machineId++) {
      if (machineIds.has(machineId)) continue;
      machineIds.set(machineId, { machineId, ceilingMs: 0n, windowMs: 0, holder: undefined });
    }
  }

  withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    const { machineIds } = this.database;
    return this.#transaction(`machine:${machineId}`, async (writes, nowMs) => {
      const machine = machineIds.get(machineId);
      if (machine === undefined) {
        throw new LeafcutterError(
          'STORE_UNAVAILABLE',
          `Machine id ${machineId} has no row; restart a coordinator.`,
        );
      }
      return work({
        name: { kind: 'machine', machineId },
        value: machine.ceilingMs,
        nowMs,
        machine,
        advance: async (to, entry, windowMs) => {
          const holder = { agentId: entry.agentId, instanceId: entry.instanceId };
          writes.push(
            put(machineIds, machineId, { machineId, ceilingMs: to, windowMs, holder }),
            this.#enter(entry),
          );
        },
      });
    });
  }

  async listMachineIds(
    first: number,
    last: number,
    offset: number,
    limit: number,
  ): Promise<MachineIdRecord[]> {
    return [...this.database.machineIds.values()]
      .filter(({ machineId }) => machineId >= first && machineId <= last)
      .sort((a, b) => Number(a.ceilingMs - b.ceilingMs) || a.machineId - b.machineId)
      .slice(offset, offset + limit);
  }

  async readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]> {
    return [...this.database.ledger.values()]
      .filter((entry) => after === undefined || inLedgerOrder(entry, after) > 0)
      .sort(inLedgerOrder)
      .slice(0, limit);
  }

  async close(): Promise<void> {
    // The database outlives its stores, as MySQL does.
  }

  #enter(entry: LedgerEntry): Write {
    return put(this.database.ledger, ledgerKey(entry).join('\n'), entry);
  }

  async #transaction<T>(row: string, work: (writes: Write[], nowMs: number) => Promise<T>): Promise<T> {
    this.transactions++;
    if (this.#isDue('begin')) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Lost before anything happened.', {
        reason: RETRY_REASONS.connectionLost,
      });
    }
    // As MySQL's NOW(), which is fixed when a statement begins: before it waits for the row.
    const nowMs = this.#clock.now();
    const unlock = await this.database.lock(row);
    try {
      const writes: Write[] = [];
      const result = await work(writes, nowMs);
      await this.beforeCommit();
      if (this.#isDue('before-commit')) throw commitUnclear();
      this.database.commit(writes);
      if (this.#isDue('after-commit')) throw commitUnclear();
      return result;
    } finally {
      unlock();
    }
  }

  #isDue(fault: StoreFault): boolean {
    const index = this.#faults.indexOf(fault);
    if (index >= 0) this.#faults.splice(index, 1);
    return index >= 0;
  }
}

function commitUnclear(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'COMMIT was not confirmed.', {
    reason: RETRY_REASONS.commitUnclear,
  });
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function inLedgerOrder(
  a: Pick<LedgerEntry, 'counter' | 'start'>,
  b: Pick<LedgerEntry, 'counter' | 'start'>,
): number {
  const [kindA, nameA, startA] = ledgerKey(a);
  const [kindB, nameB, startB] = ledgerKey(b);
  return bytewise(kindA, kindB) || bytewise(nameA, nameB) || Number(startA - startB);
}
