import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../support/process.ts';
import { stopTree } from './process-tree.ts';

/** A condition under which Jest runs. */
export interface Condition {
  /** Put before the command. */
  readonly prefix?: readonly string[];
  /** Added to Jest's arguments. */
  readonly jestArguments?: (seed: number) => readonly string[];
  /** Before the run; returns why it is not possible, if it is not. */
  readonly prepare?: () => string | undefined;
  /** Beside the run, until `over` is aborted; returns how many pauses there were. */
  readonly beside?: (pid: number, over: AbortSignal) => Promise<number>;
}

const BUSY_LOOPS = 2;
/** Between two pauses, and of a pause, milliseconds. */
const BETWEEN_MS = [500, 5_000] as const;
const PAUSE_MS = [500, 2_000] as const;

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least);

/** Waits; true unless it was over before. */
const waited = (ms: number, over: AbortSignal) => sleep(ms, true, { signal: over }).catch(() => false);

export const CONDITIONS: Readonly<Record<string, Condition>> = {
  plain: {},
  busy: {
    async beside(_pid, over) {
      await using loops = new AsyncDisposableStack();
      for (let loop = 0; loop < BUSY_LOOPS; loop++)
        loops.use(startProcess({ command: process.execPath, args: ['-e', 'for (;;);'], name: 'busy loop' }));
      await new Promise((resolve) => over.addEventListener('abort', resolve));
      return 0;
    },
  },
  stopped: {
    async beside(pid, over) {
      let pauses = 0;
      while (await waited(between(BETWEEN_MS), over)) {
        const goOn = stopTree(pid);
        pauses += 1;
        await waited(between(PAUSE_MS), over);
        goOn();
      }
      return pauses;
    },
  },
  'one-core': { prefix: ['taskset', '--cpu-list', '0'] },
  'cold-cache': {
    prepare() {
      try {
        execFileSync('sync');
        writeFileSync('/proc/sys/vm/drop_caches', '3');
        return undefined;
      } catch (error) {
        return `the disk cache cannot be dropped here (${(error as NodeJS.ErrnoException).code})`;
      }
    },
  },
  'random-order': { jestArguments: (seed) => ['--randomize', '--seed', `${seed}`] },
};
