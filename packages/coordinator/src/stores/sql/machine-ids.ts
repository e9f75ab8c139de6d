import { LeafcutterError } from '@leafcutter/shared/errors';
import type { MachineIdRecord, Taker } from '../../domain/allocation/store.ts';
import { DEPLOYMENT_COLUMNS, JOIN_DEPLOYMENT, toMemory } from './deployment.ts';
import { optionalText, type Row, requireOne, type SqlDriver, type SqlSession } from './driver.ts';
import { LEDGER_KIND, ledgerTop, machineName } from './ledger.ts';

const COLUMNS = 'machine_id, ceiling_ms, window_ms, agent_id, instance_id';
const ROWS_PER_INSERT = 1_000;

/** A machine id as read under its lock. */
interface LockedMachineIdRow {
  readonly record: MachineIdRecord;
  /** The database's clock, unix milliseconds. */
  readonly nowMs: number;
  readonly deploymentId: string | undefined;
  readonly generation: string | undefined;
  readonly memory: ReturnType<typeof toMemory>;
  readonly ledgerTop: bigint;
}

/** Locks the machine id's row, and then reads it, as `lockTag` does; undefined if there is none. */
export async function lockMachineId(
  driver: SqlDriver,
  session: SqlSession,
  machineId: number,
): Promise<LockedMachineIdRow | undefined> {
  const [locked] = await session.query(
    `SELECT 1 AS locked FROM leafcutter_machine WHERE machine_id = ?${driver.forUpdate}`,
    [machineId],
  );
  if (locked === undefined) return undefined;
  const [row] = await session.query(
    `SELECT ${COLUMNS}, ${driver.nowMs} AS now_ms, ${DEPLOYMENT_COLUMNS},
       ${ledgerTop(LEDGER_KIND.machine, '?')} AS ledger_top
     FROM leafcutter_machine m ${JOIN_DEPLOYMENT} WHERE m.machine_id = ?`,
    [machineName(machineId), machineId],
  );
  if (row === undefined)
    throw new LeafcutterError('INTERNAL', `The row of machine id ${machineId} is gone under its lock.`);
  return {
    record: toMachineId(row),
    nowMs: Number(row.now_ms),
    deploymentId: optionalText(row.deployment_id),
    generation: optionalText(row.generation),
    memory: toMemory(row),
    ledgerTop: BigInt(row.ledger_top ?? 0),
  };
}

/** Raises the ceiling of a locked machine id; `taker` becomes its holder. */
export async function raiseCeiling(
  session: SqlSession,
  before: MachineIdRecord,
  to: bigint,
  taker: Taker | undefined,
): Promise<void> {
  const { machineId, ceilingMs } = before;
  const holder = taker === undefined ? before.holder : taker.holder;
  const affected = await session.run(
    `UPDATE leafcutter_machine SET ceiling_ms = ?, window_ms = ?, agent_id = ?, instance_id = ?
     WHERE machine_id = ? AND ceiling_ms = ?`,
    [
      ...[to, taker?.windowMs ?? before.windowMs, holder?.agentId ?? null, holder?.instanceId ?? null],
      ...[machineId, ceilingMs],
    ],
  );
  requireOne(affected, `machine id ${machineId}`);
}

export async function listMachineIds(
  driver: SqlDriver,
  [first, last]: readonly [number, number],
  offset: number,
  limit: number,
): Promise<MachineIdRecord[]> {
  const rows = await driver.query(
    `SELECT ${COLUMNS} FROM leafcutter_machine WHERE machine_id BETWEEN ? AND ?
     ORDER BY ceiling_ms, machine_id LIMIT ${Math.floor(limit)} OFFSET ${Math.floor(offset)}`,
    [first, last],
  );
  return rows.map(toMachineId);
}

export async function ensureMachineIds(driver: SqlDriver, first: number, last: number): Promise<void> {
  const [row] = await driver.query(
    'SELECT COUNT(*) AS n FROM leafcutter_machine WHERE machine_id BETWEEN ? AND ?',
    [first, last],
  );
  if (Number(row?.n) === last - first + 1) return;
  for (let from = first; from <= last; from += ROWS_PER_INSERT) {
    const count = Math.min(ROWS_PER_INSERT, last - from + 1);
    const ids = Array.from({ length: count }, (_, index) => from + index);
    const marks = ids.map(() => '(?)').join(', ');
    await driver.run(`${driver.insertIgnore} INTO leafcutter_machine (machine_id) VALUES ${marks}`, ids);
  }
}

function toMachineId(row: Row): MachineIdRecord {
  const { agent_id: agentId, instance_id: instanceId } = row;
  return {
    machineId: Number(row.machine_id),
    ceilingMs: BigInt(row.ceiling_ms ?? 0),
    windowMs: Number(row.window_ms),
    holder:
      agentId == null || instanceId == null
        ? undefined
        : { agentId: String(agentId), instanceId: String(instanceId) },
  };
}
