import type { Row } from './rounds.ts';
import type { Costs, ServerCosts } from './server-costs.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import { flatOut, type Tally } from './steady-load.ts';

const CALLERS = 64;

interface CallRuns {
  /** Agents that hold a lease. */
  readonly size: number;
  readonly tags: readonly string[];
  /** How long each kind of call is made. */
  readonly seconds: number;
}

/**
 * One kind of call after the other, as many as one coordinator answers: only apart from each other can it be told what
 * each of them costs coordinator, Redis and MariaDB.
 */
export async function callRows(
  fleet: SimulatedFleet,
  costs: ServerCosts,
  { size, tags, seconds }: CallRuns,
  progress: (text: string) => void,
): Promise<Row[]> {
  const [only = ''] = tags;
  const kinds: readonly (readonly [name: string, call: (n: number) => Promise<void>])[] = [
    [`refill, ${tags.length} tags`, (n) => fleet.refill(n % size, tags[n % tags.length] ?? only)],
    ['refill, all of one tag', (n) => fleet.refill(n % size, only)],
    ['heartbeat', (n) => fleet.heartbeat(n % size, false)],
    ['heartbeat that extends the window', (n) => fleet.heartbeat(n % size, true)],
    [`report, ${fleet.tagsPerAgent} tags`, (n) => fleet.report(n % size)],
  ];
  progress('fleet: nobody calls');
  const figures: Record<string, string> = {
    'nobody calls': idle(await costs.during(() => sleep(seconds * 1_000))),
  };
  for (const [name, call] of kinds) {
    progress(`fleet: nothing but ${name}`);
    // The first calls run cold code and count for nothing.
    await flatOut(CALLERS, over(seconds / 2), call);
    let tally: Tally | undefined;
    const used = await costs.during(async () => {
      tally = await flatOut(CALLERS, over(seconds), call);
    });
    if (tally !== undefined) figures[name] = costOf(tally, used);
  }
  return [{ row: `one kind of call at a time, ${CALLERS} callers, one coordinator`, figures }];
}

function costOf(tally: Tally, used: Costs): string {
  const answered = tally.latenciesMs.length;
  const each = (cpuS: number) => `${((cpuS / answered) * 1_000).toFixed(3)} ms`;
  const commands = [...used.redisCommands]
    .map(([name, { calls }]) => [name, calls / answered] as const)
    // Anything smaller comes from jobs and watches, not from calls.
    .filter(([, calls]) => calls >= 0.02)
    .map(([name, calls]) => `${name} ${calls.toFixed(2)}`);
  return [
    `${(answered / used.seconds).toFixed(0)}/s, ${tally.failed} failed, p50 ${tally.percentile(0.5).toFixed(1)} ms, p99 ${tally.percentile(0.99).toFixed(1)} ms`,
    `CPU of a call: coordinator ${each(used.coordinatorCpuS)}, Redis ${each(used.redisCpuS)}, MariaDB ${each(used.mysqlCpuS)}`,
    `coordinator ${((used.coordinatorCpuS / used.seconds) * 100).toFixed(0)} % of a core`,
    `Redis commands of a call: ${commands.join(', ') || 'none'}`,
    `MySQL statements ${(used.mysqlStatements / answered).toFixed(2)}, commits ${(used.mysqlCommits / answered).toFixed(2)}`,
  ].join('; ');
}

/** Jobs, watches and probes: the cost of a coordinator that nobody asks anything. */
function idle(used: Costs): string {
  const percent = (cpuS: number) => `${((cpuS / used.seconds) * 100).toFixed(1)} % of a core`;
  return `coordinator ${percent(used.coordinatorCpuS)}, Redis ${percent(used.redisCpuS)}, MariaDB ${percent(used.mysqlCpuS)}, ${(used.mysqlStatements / used.seconds).toFixed(1)} statements/s`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function over(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1_000;
  return () => performance.now() >= end;
}
