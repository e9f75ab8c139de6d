import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lookUpBinary } from './find-binary.ts';
import { scratchDir } from './scratch-dir.ts';

/** How a disk does: each sync takes so many milliseconds, or it takes no writes. */
export type DiskOrder = 'ok' | `sync ${number}` | 'read-only';

export interface OddDisk {
  /** For the process whose disk it is. `LD_PRELOAD` may stand beside another one's, with a colon between. */
  readonly env: { readonly LD_PRELOAD: string; readonly ODD_DISK: string };
  set(order: DiskOrder): void;
}

/** Slow and read-only disks come of a few lines of C. */
export const CAN_MAKE_ODD_DISKS = lookUpBinary('cc') !== undefined;

/** Makes what every file of a process lies on slow or read-only, while it runs. */
export async function oddDisk(): Promise<OddDisk> {
  const folder = await scratchDir('odd-disk');
  const [library, file] = [join(folder, 'odd-disk.so'), join(folder, 'order')];
  const source = fileURLToPath(new URL('./odd-disk.c', import.meta.url));
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  const set = (order: DiskOrder) => {
    writeFileSync(`${file}.next`, order);
    renameSync(`${file}.next`, file);
  };
  set('ok');
  return { env: { LD_PRELOAD: library, ODD_DISK: file }, set };
}
