import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PATIENCE_MS } from '../support/patience.ts';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** Runs the block of docs/operations.md that is marked ```` ```sh name ````, as it stands there. @throws where it fails */
export async function runDocumented(
  name: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  const text = await readFile(OPERATIONS, 'utf8');
  const block = new RegExp(`^( *)\`\`\`sh ${name}\\n([^]*?)^\\1\`\`\`$`, 'm').exec(text)?.[2];
  if (block === undefined) throw new Error(`docs/operations.md has no block "sh ${name}"`);
  const { PATH = '' } = process.env;
  await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', block], {
    cwd,
    env: { PATH, ...env },
    timeout: PATIENCE_MS,
  });
}
