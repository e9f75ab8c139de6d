import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PATIENCE_MS } from './patience.ts';
import { poll } from './poll.ts';
import { COMPILE_CACHE, PROGRAM, type RunningProcess, startProcess } from './process.ts';
import { scratchDir } from './scratch-dir.ts';

interface Surroundings {
  /** Below `docs/`; default the operators'. */
  readonly page?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the block names that has another name here, such as addresses and files. */
  readonly instead?: Readonly<Record<string, string>>;
}

/**
 * Runs the block of a docs page that is marked ```` ```sh name ````, exactly as it is written but for `instead`, and
 * gives what it printed. @throws if it fails
 */
export async function runDocumented(
  name: string,
  { page = 'operations.md', cwd, env, instead = {} }: Surroundings,
): Promise<string> {
  const block = inPlace(await documented(`sh ${name}`, page), instead);
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', block], {
    cwd,
    env: { PATH, ...env },
    timeout: PATIENCE_MS,
  });
  return stdout;
}

/** Starts the service that a block ends with; it stays in the foreground. */
export async function startDocumented(
  name: string,
  { page = 'operations.md', cwd, env, instead = {} }: Surroundings,
): Promise<RunningProcess> {
  const block = inPlace(await documented(`sh ${name}`, page), instead);
  // Without a shell in between, so that signals reach it.
  const line = block.replace(/^leafcutter (?=dev|coordinator|agent)/m, 'exec leafcutter ');
  return startProcess({ command: 'bash', args: ['--norc', '-euc', line], cwd, env, name });
}

/** Waits until the service at `url` is ready. @throws if it does not become so */
export async function untilReady(url: string): Promise<void> {
  const isUp = async () => {
    try {
      return (await fetch(`${url}/readyz`)).ok;
    } catch {
      return false;
    }
  };
  if ((await poll(isUp, PATIENCE_MS, 25)) !== true) throw new Error(`${url} did not become ready`);
}

/** The block of a docs page that is marked with its language and a name. @throws if there is none */
export async function documented(mark: string, page: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const block = new RegExp(`^( *)\`\`\`${mark}\\n([^]*?)^\\1\`\`\`$`, 'm').exec(text)?.[2];
  if (block === undefined) throw new Error(`docs/${page} has no block "${mark}"`);
  return block;
}

/** A folder whose `leafcutter` is this checkout, to be put first in PATH. */
export async function commandFolder(): Promise<string> {
  const folder = await scratchDir('bin');
  const script = join(folder, 'leafcutter');
  const cache = `NODE_COMPILE_CACHE="${COMPILE_CACHE}"`;
  await writeFile(script, `#!/bin/sh\n${cache} exec "${process.execPath}" "${PROGRAM}" "$@"\n`);
  await chmod(script, 0o755);
  return folder;
}

/** A block with the names that things have here. */
export function inPlace(block: string, instead: Readonly<Record<string, string>>): string {
  return Object.entries(instead).reduce((text, [there, here]) => text.replaceAll(there, here), block);
}
