import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PATIENCE_MS } from '../support/patience.ts';

interface Surroundings {
  readonly page?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs the block of a docs page that is marked ```` ```sh name ````, exactly as it is written, and gives what it
 * printed. @throws if it fails
 */
export async function runDocumented(
  name: string,
  { page = 'operations.md', cwd, env }: Surroundings,
): Promise<string> {
  const block = await documented(`sh ${name}`, page);
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', block], {
    cwd,
    env: { PATH, ...env },
    timeout: PATIENCE_MS,
  });
  return stdout;
}

/** The block of a docs page that is marked with its language and a name. @throws if there is none */
export async function documented(mark: string, page: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const block = new RegExp(`^( *)\`\`\`${mark}\\n([^]*?)^\\1\`\`\`$`, 'm').exec(text)?.[2];
  if (block === undefined) throw new Error(`docs/${page} has no block "${mark}"`);
  return block;
}
