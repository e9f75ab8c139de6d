import { LeafcutterError } from '@leafcutter/shared/errors';
import type { MachineIdRecord, Taker } from '../../domain/allocation/store.ts';
import { DEPLOYMENT_COLUMNS, JOIN_DEPLOYMENT, toMemory } from './deployment.ts';
import {
  byKey,
  marks,
  optionalText,
  type Row,
  requireAll,
  type SqlDriver,
  type SqlSession,
  type SqlValue,
} from './driver.ts';
import { LEDGER_KIND, ledgerTops, machineName, machineNameOf } from './ledger.ts';

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

/** Locks the rows of these machine ids, and then reads them, as `lockTags` does. */
export async function lockMachineIds(
  driver: SqlDriver,
  session: SqlSession,
  machineIds: readonly number[],
  lock: string,
): Promise<LockedMachineIdRow[]> {
  const found = await session.query(
    `SELECT machine_id FROM leafcutter_machine WHERE machine_id IN (${marks(machineIds)})${lock}`,
    machineIds,
  );
  const locked = found.map((row) => Number(row.machine_id));
  if (locked.length === 0) return [];
  const top = ledgerTops(
    LEDGER_KIND.machine,
    machineNameOf(driver, 'm.machine_id'),
    locked.map((machineId) => machineName(machineId)),
  );
  const rows = await session.query(
    `SELECT ${COLUMNS}, ${driver.nowMs} AS now_ms, ${DEPLOYMENT_COLUMNS},
       ${top.sql} AS ledger_top
     FROM leafcutter_machine m ${JOIN_DEPLOYMENT} WHERE m.machine_id IN (${marks(locked)})`,
    [...top.values, ...locked],
  );
  if (rows.length !== locked.length)
    throw new LeafcutterError(
      'INTERNAL',
      `A row of the machine ids ${locked.join(', ')} is gone under its lock.`,
    );
  return rows.map((row) => ({
    record: toMachineId(row),
    nowMs: Number(row.now_ms),
    deploymentId: optionalText(row.deployment_id),
    generation: optionalText(row.generation),
    memory: toMemory(row),
    ledgerTop: BigInt(row.ledger_top ?? 0),
  }));
}

/** Raises the ceilings of locked machine ids; a `taker` becomes the holder. */
export async function raiseCeilings(
  session: SqlSession,
  rises: readonly {
    readonly before: MachineIdRecord;
    readonly to: bigint;
    readonly taker?: Taker | undefined;
  }[],
): Promise<void> {
  const machineIds = rises.map(({ before }) => before.machineId);
  const each = (told: (rise: (typeof rises)[number]) => SqlValue) =>
    byKey(
      'machine_id',
      rises.map((rise) => [rise.before.machineId, told(rise)] as const),
    );
  const holderOf = ({ before, taker }: (typeof rises)[number]) =>
    taker === undefined ? before.holder : taker.holder;
  const to = each((rise) => rise.to);
  const windowMs = each(({ before, taker }) => taker?.windowMs ?? before.windowMs);
  const agentId = each((rise) => holderOf(rise)?.agentId ?? null);
  const instanceId = each((rise) => holderOf(rise)?.instanceId ?? null);
  const from = each(({ before }) => before.ceilingMs);
  const affected = await session.run(
    `UPDATE leafcutter_machine
     SET ceiling_ms = ${to.sql}, window_ms = ${windowMs.sql}, agent_id = ${agentId.sql}, instance_id = ${instanceId.sql}
     WHERE machine_id IN (${marks(machineIds)}) AND ceiling_ms = ${from.sql}`,
    [
      ...[...to.values, ...windowMs.values, ...agentId.values, ...instanceId.values],
      ...[...machineIds, ...from.values],
    ],
  );
  requireAll(affected, machineIds, 'the machine ids');
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
