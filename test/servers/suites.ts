import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, readReport } from '../support/jest-report.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { runFolder, scratchDir } from '../support/scratch-dir.ts';
import type { ServerKind } from './catalogue.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONTRACT = 'test/contract';
/** Clusters and replicas need programs of the same version that the catalogue does not have. */
const NOT_OURS = ['replicated-stores.test.ts'];
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
/** Far above what a suite takes; one that takes longer will not end. */
const RUN_LIMIT_MS = 10 * PATIENCE_MS;

/** The contract suites that start a server of this kind. */
export function suitesOf({ dialect, leavesOut = [] }: ServerKind): string[] {
  const starts = dialect === 'redis' ? 'startRedis(' : 'startMariadb(';
  return readdirSync(join(ROOT, CONTRACT))
    .filter((name) => name.endsWith('.test.ts') && ![...NOT_OURS, ...leavesOut].includes(name))
    .filter((name) => readFileSync(join(ROOT, CONTRACT, name), 'utf8').includes(starts))
    .map((name) => `${CONTRACT}/${name}`);
}

/**
 * Runs them, unchanged, with the programs in `bin` in place of the machine's own. Each has a run of its own, so that one that does
 * not end takes no other's verdict along.
 */
export async function runSuites(
  files: readonly string[],
  bin: string,
  ended: (file: string, outcome: Outcome) => void,
): Promise<Outcome> {
  let sum: Outcome = { passed: 0, skipped: 0, red: [] };
  for (const file of files) {
    const { passed, skipped, red } = await runSuite(file, bin);
    ended(file, { passed, skipped, red });
    sum = { passed: sum.passed + passed, skipped: sum.skipped + skipped, red: [...sum.red, ...red] };
  }
  return sum;
}

/** All belong to one run, so that a server's first data are made once: MySQL takes a minute for them. */
export function environment(bin: string): Record<string, string> {
  const env = process.env as Record<string, string>;
  return { ...env, PATH: `${bin}:${env.PATH}`, TMPDIR: runFolder() };
}

async function runSuite(file: string, bin: string): Promise<Outcome> {
  const report = join(await scratchDir('suites'), 'report.json');
  const args = [
    ...[...JEST, '--runInBand', '--forceExit', '--json', `--outputFile=${report}`],
    ...['--selectProjects', 'contract', '--', file],
  ];
  const jest = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environment(bin),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const [code, signal] = await once(jest, 'exit');
  const { red, ...counts } = readReport(report, `Jest ended with ${code ?? signal}`);
  // What is no test's has no name of its own.
  return { ...counts, red: red.map(({ test, how }) => ({ test: test.replace(/^\(/, `(${file}: `), how })) };
}
