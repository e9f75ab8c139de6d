import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from './find-binary.ts';
import { withLock } from './machine-lock.ts';
import { runFolder, scratchDir } from './scratch-dir.ts';

const run = promisify(execFile);

/**
 * Every server on a prepared directory needs these too. The small log makes a directory of 40 MB instead of 130 MB,
 * and copying it is most of what starting a server costs.
 */
export const MARIADB_SETTINGS = [
  '--skip-name-resolve',
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=32M',
  '--performance-schema=OFF',
  // MariaDB refuses to run as root unless it is told to by name.
  ...(process.getuid?.() === 0 ? ['--user=root'] : []),
];

/** The installed version, for example `10.11.19`. */
export async function mariadbVersion(): Promise<string> {
  const { stdout } = await run(findBinary('mariadbd', 'mariadb-server'), ['--version']);
  const version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`mariadbd does not tell its version but: ${stdout}`);
  return version;
}

/** Whether `mariadbd` is MariaDB's, and not another server in its place. */
export async function isMariadb(): Promise<boolean> {
  const { stdout } = await run(findBinary('mariadbd', 'mariadb-server'), ['--version']);
  return stdout.includes('MariaDB');
}

/** Copies a prepared data directory, with a `root` without password, to a path that must not exist yet. */
export async function copyMariadbData(target: string): Promise<void> {
  await cp(await template(), target, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Prepared once per run and server: preparing takes a second, copying a tenth. */
async function template(): Promise<string> {
  const server = createHash('sha256').update(findBinary('mariadbd', 'mariadb-server')).digest('hex');
  const name = `mariadb-template-${server.slice(0, 8)}`;
  const path = join(runFolder(), name);
  await withLock(`${name}/${basename(runFolder())}`, async () => {
    if (!(await exists(path))) await prepare(path);
  });
  return path;
}

/** Prepares beside the target and renames: a process that is killed half-way must not leave half a template. */
async function prepare(path: string): Promise<void> {
  const folder = await scratchDir('mariadb-draft');
  const data = join(folder, 'data');
  await run(findBinary('mariadb-install-db', 'mariadb-server'), [
    '--no-defaults',
    ...[`--datadir=${data}`, `--tmpdir=${folder}`],
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...MARIADB_SETTINGS,
  ]);
  await rename(data, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
