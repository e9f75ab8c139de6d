import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes a root of a file system that holds an executable, the libraries that it names, and nothing else.
 *
 * @returns the command line that starts the executable in it, and a folder in it that does not exist yet
 */
export async function emptyRoot(
  root: string,
  executable: string,
): Promise<{ line: [string, ...string[]]; data: string }> {
  const copy = (file: string, to: string) => {
    mkdirSync(join(root, dirname(to)), { recursive: true });
    copyFileSync(file, join(root, to));
  };
  const { stdout: libraries } = await run('ldd', [executable]);
  for (const [file] of libraries.matchAll(/\/\S+/g)) copy(file, file);
  copy(executable, '/leafcutter');
  for (const name of ['dev', 'tmp', 'data']) mkdirSync(join(root, name));
  // Processes are started with it as their input.
  await run('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
  return { line: ['chroot', root, '/leafcutter'], data: '/data/counters' };
}
