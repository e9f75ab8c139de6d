import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Red, readReport } from '../support/jest-report.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { Condition } from './conditions.ts';
import { killTree } from './process-tree.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
/** A run that takes longer will not end. */
const RUN_LIMIT_MS = 30 * 60_000;

/** A unit of one run: a file of a suite, or a suite. */
export interface Target {
  readonly suite: string;
  readonly file?: string;
}

export interface Run {
  readonly seconds: number;
  readonly pauses: number;
  /** The tests that failed; empty for a green run. */
  readonly red: readonly Red[];
}

let running: number | undefined;

/** Ends the run that is under way. */
export function endRun(): void {
  if (running !== undefined) killTree(running);
}

export async function run({ suite, file }: Target, condition: Condition, seed: number): Promise<Run> {
  const folder = await scratchDir('stress');
  const report = join(folder, 'report.json');
  const begun = performance.now();
  const [command = '', ...args] = [
    ...(condition.prefix ?? []),
    ...[process.execPath, ...JEST, '--runInBand', '--json', `--outputFile=${report}`],
    ...(condition.jestArguments?.(seed) ?? []),
    ...['--selectProjects', suite, '--', ...(file === undefined ? [] : [file])],
  ];
  // It ends with us, even if we are killed while it stands still.
  const child = startProcess({
    command,
    args,
    cwd: ROOT,
    env: process.env as Record<string, string>,
    name: 'jest',
  });
  const { pid } = child;
  running = pid;
  const over = new AbortController();
  const beside = condition.beside?.(pid, over.signal);
  const limit = setTimeout(() => killTree(pid), RUN_LIMIT_MS);
  const { code } = await child.exited;
  clearTimeout(limit);
  running = undefined;
  over.abort();
  const pauses = (await beside) ?? 0;
  const seconds = (performance.now() - begun) / 1_000;
  const red = code === 0 ? [] : readReport(report, child.tail(5)).red;
  rmSync(folder, { recursive: true });
  return { seconds, pauses, red };
}
