import { execFile } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchDir } from '../../support/scratch-dir.ts';

const run = promisify(execFile);

/** A new file gets the lowest free number; those below this one are taken as long as a process lives. */
export const NO_MORE_FILES = 5;

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

/** Only root may make a disk. */
export const CAN_MAKE_DISKS = process.getuid?.() === 0;

/** An empty disk of so many MiB, in memory; it goes with `stack`. */
export async function makeDisk(stack: AsyncDisposableStack, mib: number): Promise<string> {
  const disk = await scratchDir('disk');
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', disk]);
  stack.defer(async () => void (await run('umount', ['--lazy', disk])));
  return disk;
}

/** Gives a disk of `makeDisk` another size. */
export async function resizeDisk(disk: string, mib: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${mib}m`, disk]);
}

/** Fills a disk to its last block; resolves to what makes room again. */
export async function fillDisk(disk: string): Promise<() => Promise<void>> {
  const ballast = join(disk, 'ballast');
  for (const bytes of [1_048_576, 4_096]) while (fits(ballast, bytes));
  return async () => rmSync(ballast);
}

function fits(file: string, bytes: number): boolean {
  try {
    writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    return true;
  } catch {
    return false;
  }
}
