import { execFileSync } from 'node:child_process';
import { ROOT } from '../support/root.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** Makes the program that npm would install, and resolves to its folder. */
export async function releasedProgram(): Promise<string> {
  const folder = await scratchDir('bench-release');
  execFileSync(process.execPath, ['scripts/release/program.mjs', folder], { cwd: ROOT, stdio: 'pipe' });
  return folder;
}
