import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchDir } from '../support/scratch-dir.ts';

const runFile = promisify(execFile);
/** Far above what the slowest of them takes, such as making a Debian. */
const COMMAND_MS = 600_000;

/** What is tried: a folder with all files of a release, and its version. */
export interface Release {
  readonly folder: string;
  readonly version: string;
}

/** A way to install Leafcutter. Resolves to what is worth telling. */
export interface Way {
  readonly name: string;
  readonly attempt: (release: Release) => Promise<string>;
}

/** This machine lacks what a way needs; the message says what. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

/**
 * Runs a command to its end and resolves to its output.
 *
 * @throws Error with what it said
 */
export async function sh(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const limits = { timeout: COMMAND_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const;
  const surroundings = { cwd: options.cwd, env: { ...process.env, ...options.env } };
  try {
    return (await runFile(command, args, { ...limits, ...surroundings })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join(' / ');
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} …: ${said || error}`, { cause: error });
  }
}

const fetched = new Map<string, Promise<string>>();

/**
 * Installs a package from the registry, in a folder of its own.
 *
 * @param overrides versions of its dependencies that it should have asked for
 * @returns its folder
 * @throws NotRun if it is not to be had
 */
export function packageOf(spec: string, overrides: Readonly<Record<string, string>> = {}): Promise<string> {
  const known = fetched.get(spec);
  if (known !== undefined) return known;
  const fetching = fetchPackage(spec, overrides);
  fetched.set(spec, fetching);
  return fetching;
}

async function fetchPackage(spec: string, overrides: Readonly<Record<string, string>>): Promise<string> {
  const folder = await scratchDir('tool');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  await sh('npm', ['install', ...flags, spec], { cwd: folder }).catch((error: Error) => {
    throw new NotRun(`${spec} is not to be had: ${error.message}`);
  });
  return join(folder, 'node_modules', spec.replace(/(?!^)@[^@]*$/, ''));
}

/**
 * Unpacks packages of Debian, without installing anything on this machine.
 *
 * @param options for apt-get, such as a configuration of its own
 * @throws NotRun if they are not to be had
 */
export async function unpacked(names: readonly string[], options: readonly string[] = []): Promise<string> {
  const folder = await scratchDir('debs');
  const root = join(folder, 'root');
  mkdirSync(root);
  await sh('apt-get', [...options, 'download', ...names], { cwd: folder }).catch((error: Error) => {
    throw new NotRun(`${names.join(', ')} cannot be had from Debian: ${error.message}`);
  });
  await sh('sh', ['-c', `for deb in *.deb; do dpkg -x "$deb" ${root} || exit; done`], { cwd: folder });
  return root;
}
