import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRunFolder, openRun } from '../../scripts/run-folder.mjs';

let own: string | undefined;

/**
 * The folder of this process's run. A program that was started by hand has none; it makes one that the next run
 * removes.
 */
export function runFolder(): string {
  if (isRunFolder(tmpdir())) return tmpdir();
  own ??= openRun();
  return own;
}

/** An empty directory below the run's folder, removed with it. */
export async function scratchDir(label: string): Promise<string> {
  return mkdtemp(join(runFolder(), `${label}-`));
}

/** An empty directory that outlives the run, as evidence of what went wrong. Print where it is. */
export async function keptDir(label: string): Promise<string> {
  return mkdtemp(join(dirname(runFolder()), `leafcutter-kept-${label}-`));
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
