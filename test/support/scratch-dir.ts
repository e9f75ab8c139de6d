import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'leafcutter-test-run-';

let swept: Promise<void> | undefined;

/**
 * An empty directory that belongs to this process. Its name holds the process id, so that the directories of
 * a run that was killed before it could tidy up are removed by the next run.
 */
export async function scratchDir(label: string): Promise<string> {
  swept ??= removeLeftovers();
  await swept;
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${label}-`));
}

async function removeLeftovers(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const owner = Number.parseInt(entry.slice(PREFIX.length), 10);
    // Two runs may sweep at once; whichever comes second finds nothing left, which is what it wanted.
    if (!isAlive(owner)) await rm(join(tmpdir(), entry), { recursive: true, force: true }).catch(() => {});
  }
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
