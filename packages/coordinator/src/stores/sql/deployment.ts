import { randomUUID } from 'node:crypto';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Deployment, SweepBegun } from '../../domain/allocation/store.ts';
import { refuseUnfinished } from '../../move/unfinished.ts';
import { optionalText, type Row, type SqlDriver } from './driver.ts';

/** The join that a statement needs to read `DEPLOYMENT_COLUMNS`. */
export const JOIN_DEPLOYMENT = 'LEFT JOIN leafcutter_deployment d ON d.singleton = 1';
/** The deployment's memory, from a locked row with `DEPLOYMENT_COLUMNS`. */
export function toMemory(row: Row): Pick<Deployment, 'sweep' | 'sweptAtMs' | 'confirmedAtMs'> {
  return {
    sweep: Number(row.sweep ?? 0),
    sweptAtMs: Number(row.swept_at_ms ?? 0),
    confirmedAtMs: Number(row.confirmed_at_ms ?? 0),
  };
}

export const DEPLOYMENT_COLUMNS =
  'd.id AS deployment_id, d.generation, d.sweep, d.swept_at_ms, d.confirmed_at_ms';

export async function identify(driver: SqlDriver, layout: string): Promise<Deployment> {
  const found = await readDeployment(driver);
  if (found !== undefined) return found;
  await driver.run(
    `${driver.insertIgnore} INTO leafcutter_deployment (singleton, id, layout) VALUES (1, ?, ?)`,
    [randomUUID(), layout],
  );
  const written = await readDeployment(driver);
  if (written === undefined) throw new LeafcutterError('STORE_UNAVAILABLE', 'The store lost its identity.');
  return written;
}

export async function changeGeneration(
  driver: SqlDriver,
  from: string | undefined,
  to: string,
): Promise<boolean> {
  const affected = await driver.run(
    `UPDATE leafcutter_deployment SET generation = ?, confirmed_at_ms = ${driver.nowMs}
     WHERE singleton = 1 AND COALESCE(generation, '') = ?`,
    [to, from ?? ''],
  );
  return affected === 1;
}

export async function confirmGeneration(driver: SqlDriver, generation: string): Promise<void> {
  await driver.run(
    `UPDATE leafcutter_deployment SET confirmed_at_ms = ${driver.nowMs} WHERE singleton = 1 AND generation = ?`,
    [generation],
  );
}

export async function finishSweep(driver: SqlDriver, begun: SweepBegun, to: number): Promise<boolean> {
  const affected = await driver.run(
    `UPDATE leafcutter_deployment SET sweep = ?, swept_at_ms = ?
     WHERE singleton = 1 AND sweep = ? AND confirmed_at_ms >= ?`,
    [to, begun.nowMs, begun.sweep, begun.confirmedAtMs],
  );
  return affected === 1;
}

async function readDeployment(driver: SqlDriver): Promise<Deployment | undefined> {
  const [row] = await driver.query(
    `SELECT id, layout, generation, confirmed_at_ms, sweep, swept_at_ms, ${driver.nowMs} AS now_ms
     FROM leafcutter_deployment WHERE singleton = 1`,
  );
  if (row === undefined) return undefined;
  refuseUnfinished(String(row.layout));
  return {
    id: String(row.id),
    layout: String(row.layout),
    generation: optionalText(row.generation),
    confirmedAtMs: Number(row.confirmed_at_ms),
    sweep: Number(row.sweep),
    sweptAtMs: Number(row.swept_at_ms),
    nowMs: Number(row.now_ms),
  };
}
