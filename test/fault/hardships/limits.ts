import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Lowers what the system lets a running process have; resolves to what lifts that again. */
export async function limit(
  pid: number,
  resource: 'nofile' | 'fsize',
  soft: number,
): Promise<() => Promise<void>> {
  const of = ['--pid', String(pid)];
  const { stdout } = await run('prlimit', [...of, `--${resource}`, '--noheadings', '--output', 'SOFT']);
  const set = async (value: string) => void (await run('prlimit', [...of, `--${resource}=${value}:`]));
  await set(String(soft));
  return () => set(stdout.trim());
}

/** How many files and connections a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
