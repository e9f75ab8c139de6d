import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { scratchDir } from './scratch-dir.ts';

/**
 * The commit from which an upgrade to the present tree is tested: the release before. Its dependencies must be
 * (almost) those of the present lock file, because they are not installed again.
 */
export const EARLIER_COMMIT = 'f0e79153536eda694289836196ad806934e63615';

/** Whether this clone has that commit; a shallow one does not. */
export function hasEarlierVersion(): boolean {
  return hasVersion(EARLIER_COMMIT);
}

/** Whether this clone has a commit. */
export function hasVersion(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Unpacks the earlier version into a folder of its own; resolves to its `main.ts`. */
export async function unpackEarlierVersion(): Promise<string> {
  return unpackVersion(EARLIER_COMMIT);
}

/** Unpacks a commit, with the dependencies of the present tree, and answers its `main.ts`. */
export async function unpackVersion(commit: string): Promise<string> {
  const folder = await scratchDir('earlier-version');
  const archive = execFileSync('git', ['archive', commit, 'packages', 'package.json', 'tsconfig.json'], {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  for (const name of readdirSync(join(folder, 'packages'))) linkDependencies(folder, name);
  // The page as it is built now; it plays no part in this test.
  const dist = join(ROOT, 'packages/console/dist');
  if (existsSync(dist)) cpSync(dist, join(folder, 'packages/console/dist'), { recursive: true });
  return join(folder, 'packages/cli/src/main.ts');
}

/**
 * Gives a package in the folder the dependencies of the present one of its name, with its own siblings in place of
 * ours.
 */
function linkDependencies(folder: string, name: string): void {
  const from = join(ROOT, 'packages', name, 'node_modules');
  const to = join(folder, 'packages', name, 'node_modules');
  if (!existsSync(from)) return;
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (entry.startsWith('.')) continue;
    if (!entry.startsWith('@')) {
      symlinkSync(realpathSync(join(from, entry)), join(to, entry));
      continue;
    }
    mkdirSync(join(to, entry));
    for (const scoped of readdirSync(join(from, entry))) {
      const target = realpathSync(join(from, entry, scoped));
      const isSibling = entry === '@leafcutter' && lstatSync(target).isDirectory();
      symlinkSync(isSibling ? join(folder, 'packages', scoped) : target, join(to, entry, scoped));
    }
  }
  linkWhatOthersHave(folder, name);
}

/** Gives a package what it needed then and does not need now, if another of our packages has it still. */
function linkWhatOthersHave(folder: string, name: string): void {
  const { dependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'packages', name, 'package.json'), 'utf8'),
  ) as { dependencies?: Record<string, string> };
  const homes = [...readdirSync(join(ROOT, 'packages')).map((other) => `packages/${other}`), 'test'];
  for (const library of Object.keys(dependencies)) {
    const link = join(folder, 'packages', name, 'node_modules', library);
    if (existsSync(link)) continue;
    const home = homes.find((other) => existsSync(join(ROOT, other, 'node_modules', library)));
    if (home !== undefined) symlinkSync(realpathSync(join(ROOT, home, 'node_modules', library)), link);
  }
}
