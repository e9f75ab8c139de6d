import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps daemons in directories that are not on an ordinary user's PATH. */
const DAEMON_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/bin'];

/**
 * The absolute path of a program.
 *
 * @throws Error that names the Debian package to install.
 */
export function findBinary(name: string, debianPackage: string): string {
  const path = lookUpBinary(name);
  if (path === undefined) {
    throw new Error(
      `${name} is not installed; run \`apt-get install ${debianPackage}\` (npm test does it as root).`,
    );
  }
  return path;
}

/** The absolute path of a program, or `undefined` when it is not installed. */
export function lookUpBinary(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...DAEMON_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/**
 * A library below /usr/lib or /usr/lib/<architecture>, for example `faketime/libfaketimeMT.so.1`.
 *
 * @throws Error that names the Debian package to install.
 */
export function findLibrary(name: string, debianPackage: string): string {
  const architectures = readdirSync('/usr/lib').filter((entry) => entry.includes('-linux-'));
  const path = ['.', ...architectures].map((entry) => join('/usr/lib', entry, name)).find(isReadable);
  if (path === undefined) {
    throw new Error(
      `${name} is not installed; run \`apt-get install ${debianPackage}\` (npm test does it as root).`,
    );
  }
  return path;
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

function isReadable(path: string): boolean {
  return isAccessible(path, constants.R_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
