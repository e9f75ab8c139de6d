/** Builds the console's pages if they are out of date. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'packages', 'console');
const stamp = join(folder, 'dist', '.built');

function fingerprint() {
  const hash = createHash('sha256');
  const own = ['index.html', 'agent.html', 'package.json', 'vite.config.ts'];
  const sources = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of [...own.map((name) => join(folder, name)), ...sources]) {
    hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Returns what went wrong, or nothing. `node` is the project's own. */
export function buildConsole(node) {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  const vite = join(folder, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status, stdout, stderr } = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], {
    cwd: folder,
    encoding: 'utf8',
    // Any other value, such as that of a test, would leave the paths of this machine in the pages.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (status !== 0) return `The console could not be built:\n${stdout}${stderr}`;
  writeFileSync(stamp, wanted);
  return undefined;
}
