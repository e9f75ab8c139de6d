import type { MachineIdRecord, Taker } from './domain/store.ts';
import { GENERATION } from './sql-deployment.ts';
import { optionalText, type Row, requireOne, type SqlDriver, type SqlSession } from './sql-driver.ts';

const COLUMNS = 'machine_id, ceiling_ms, window_ms, agent_id, instance_id';
const ROWS_PER_INSERT = 1_000;

/** Locks the machine id's row and reads it with the database's clock; undefined where there is none. */
export async function lockMachineId(
  driver: SqlDriver,
  session: SqlSession,
  machineId: number,
): Promise<{ record: MachineIdRecord; nowMs: number; generation: string | undefined } | undefined> {
  const [row] = await session.query(
    `SELECT ${COLUMNS}, ${driver.nowMs} AS now_ms, ${GENERATION} AS generation FROM leafcutter_machine WHERE machine_id = ?${driver.forUpdate}`,
    [machineId],
  );
  if (row === undefined) return undefined;
  return { record: toMachineId(row), nowMs: Number(row.now_ms), generation: optionalText(row.generation) };
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
