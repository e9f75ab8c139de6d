import { randomUUID } from 'node:crypto';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { LedgerEntry } from './domain/range.ts';
import type {
  Deployment,
  LedgerCursor,
  LockedMachineId,
  LockedTag,
  MachineIdRecord,
  NewTag,
  Store,
  TagChange,
  TagRecord,
} from './domain/store.ts';
import { unknownTag } from './domain/tags.ts';
import type { SqlDriver, SqlSession } from './sql-driver.ts';
import { readLedger, writeLedger } from './sql-ledger.ts';
import { ensureMachineIds, listMachineIds, lockMachineId } from './sql-machine-ids.ts';
import { changeTag, createTag, findTags, listTags, lockTag } from './sql-tags.ts';

/** The store on SQL: the same statements on MySQL, MariaDB and SQLite; what differs is in the driver. */
export class SqlStore implements Store {
  readonly #driver: SqlDriver;

  constructor(driver: SqlDriver) {
    this.#driver = driver;
  }

  async identify(layout: string): Promise<Deployment> {
    const driver = this.#driver;
    await driver.run(
      `${driver.insertIgnore} INTO leafcutter_deployment (singleton, id, layout) VALUES (1, ?, ?)`,
      [randomUUID(), layout],
    );
    const [row] = await driver.query('SELECT id, layout FROM leafcutter_deployment WHERE singleton = 1');
    if (row === undefined) throw new LeafcutterError('STORE_UNAVAILABLE', 'The store lost its identity.');
    return { id: String(row.id), layout: String(row.layout) };
  }

  async now(): Promise<number> {
    const [row] = await this.#driver.query(`SELECT ${this.#driver.nowMs} AS now_ms`);
    return Number(row?.now_ms);
  }

  withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const locked = await lockTag(driver, session, tag);
      if (locked === undefined) throw unknownTag(tag);
      const { record, nowMs } = locked;
      return work({
        name: { kind: 'tag', tag },
        value: record.nextId,
        nowMs,
        tag: record,
        async advance(to, entries) {
          // The old value stands in the condition too: a row that changed under our lock means that it was none.
          const sql = 'UPDATE leaf_alloc SET max_id = ? WHERE biz_tag = ? AND max_id = ?';
          requireOne(await session.run(sql, [to, tag, record.nextId]), tag);
          await writeLedger(session, entries);
        },
      });
    });
  }

  withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    const driver = this.#driver;
    return driver.transaction(async (session) => {
      const locked = await lockMachineId(driver, session, machineId);
      if (locked === undefined) {
        throw new LeafcutterError(
          'STORE_UNAVAILABLE',
          `Machine id ${machineId} has no row; restart a coordinator.`,
        );
      }
      const { record, nowMs } = locked;
      return work({
        name: { kind: 'machine', machineId },
        value: record.ceilingMs,
        nowMs,
        machine: record,
        advance: (to, entry, windowMs) => raiseCeiling(session, record, to, entry, windowMs),
      });
    });
  }

  async createTag(tag: NewTag): Promise<TagRecord> {
    await createTag(this.#driver, tag);
    return this.#mustFind(tag.tag);
  }

  async changeTag(tag: string, change: TagChange): Promise<TagRecord> {
    await changeTag(this.#driver, tag, change);
    return this.#mustFind(tag);
  }

  async findTag(tag: string): Promise<TagRecord | undefined> {
    const [record] = await findTags(this.#driver, [tag]);
    return record;
  }

  findTags(tags: readonly string[]): Promise<TagRecord[]> {
    return findTags(this.#driver, tags);
  }

  listTags(after: string | undefined, limit: number): Promise<TagRecord[]> {
    return listTags(this.#driver, after, limit);
  }

  ensureMachineIds(first: number, last: number): Promise<void> {
    return ensureMachineIds(this.#driver, first, last);
  }

  listMachineIds(first: number, last: number, offset: number, limit: number): Promise<MachineIdRecord[]> {
    return listMachineIds(this.#driver, [first, last], offset, limit);
  }

  readLedger(after: LedgerCursor | undefined, limit: number): Promise<LedgerEntry[]> {
    return readLedger(this.#driver, after, limit);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  async #mustFind(tag: string): Promise<TagRecord> {
    const record = await this.findTag(tag);
    if (record === undefined) throw unknownTag(tag);
    return record;
  }
}

async function raiseCeiling(
  session: SqlSession,
  before: MachineIdRecord,
  to: bigint,
  entry: LedgerEntry,
  windowMs: number,
): Promise<void> {
  const affected = await session.run(
    `UPDATE leafcutter_machine SET ceiling_ms = ?, window_ms = ?, agent_id = ?, instance_id = ?
     WHERE machine_id = ? AND ceiling_ms = ?`,
    [to, windowMs, entry.agentId, entry.instanceId, before.machineId, before.ceilingMs],
  );
  requireOne(affected, `machine id ${before.machineId}`);
  await writeLedger(session, [entry]);
}

function requireOne(affected: number, what: string): void {
  if (affected === 1) return;
  throw new LeafcutterError('INTERNAL', `The counter of ${what} changed under its lock (${affected} rows).`);
}
