import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { explain } from './explain.ts';
import { scenarioOf } from './scenario.ts';
import { simulate } from './simulate.ts';
import { addTotals, describeTotals, noTotals, type Totals } from './totals.ts';

const HELP = `Usage: npm run test:simulation -- [options]

Runs whole deployments with the production's domain classes under a seeded scheduler, with faults of every kind, and
checks the invariants I1 to I6. A seed repeats its run exactly.
  --seeds n    how many seeds (default 1,000)
  --from n     the first of them (default 1)
  --workers n  threads (default: one per core)
  --replay n   runs one seed alone, prints its history and, where it fails, shrinks it
  --fleet n,…  instead runs whole fleets of light agents without faults, one after the other, and compares how often they
               call with docs/capacity.md; with --coordinators n and --deployments n instead of as many as it says, and
               with --watched as if somebody looked at a console
`;
/** How many failing seeds are shrunk and explained. */
const MOST_EXPLAINED = 3;
const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    replay: { type: 'string' },
    fleet: { type: 'string' },
    coordinators: { type: 'string' },
    deployments: { type: 'string' },
    watched: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

if (values.help === true) say(HELP);
else if (values.fleet !== undefined) process.exitCode = await runFleets(values.fleet);
else if (values.replay !== undefined) process.exitCode = await replay(wholeNumber('replay', values.replay));
else
  process.exitCode = await runSeeds(
    wholeNumber('from', values.from),
    wholeNumber('seeds', values.seeds),
    wholeNumber('workers', values.workers),
  );

async function replay(seed: number): Promise<number> {
  const scenario = scenarioOf(seed);
  const { lines, hash, violations } = await simulate(scenario);
  for (const line of lines) say(line);
  say(`seed ${seed} has the hash ${hash}`);
  say(await explain(scenario));
  return violations.length === 0 ? 0 : 1;
}

async function runFleets(sizes: string): Promise<number> {
  const { coordinators, deployments, watched: isWatched } = values;
  const agents = sizes.split(',').map((size) => wholeNumber('fleet', size));
  const plan = {
    coordinators: coordinators === undefined ? undefined : wholeNumber('coordinators', coordinators),
    deployments: deployments === undefined ? undefined : wholeNumber('deployments', deployments),
    isWatched,
  };
  const threads = wholeNumber('workers', values.workers);
  const { printFleets } = await import('./fleet/print-fleets.ts');
  return (await printFleets(agents, plan, threads, say)) ? 0 : 1;
}

async function runSeeds(from: number, seeds: number, workers: number): Promise<number> {
  const begun = performance.now();
  const totals = noTotals();
  const seconds = () => (performance.now() - begun) / 1000;
  const progress = setInterval(() => {
    const rate = Math.round(totals.simulatedSeconds / seconds());
    say(
      `${totals.seeds} of ${seeds} seeds, ${rate} simulated s per s, failed: ${totals.failed.join(', ') || 'none'}`,
    );
  }, PROGRESS_EVERY_MS);
  const runs = Array.from({ length: Math.min(workers, seeds) }, (_, index) =>
    runWorker({ first: from + index, end: from + seeds, stride: workers }, totals),
  );
  await Promise.all(runs).finally(() => clearInterval(progress));
  const failed = totals.failed.sort((a, b) => a - b);
  for (const seed of failed.slice(0, MOST_EXPLAINED)) say(`\n${await explain(scenarioOf(seed))}`);
  say(`\n${describeTotals(totals, seconds())}`);
  return failed.length === 0 && totals.seeds === seeds ? 0 : 1;
}

function runWorker(
  workerData: { first: number; end: number; stride: number },
  totals: Totals,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
    worker.on('message', (more: Totals) => addTotals(totals, more));
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  say(`--${name} takes a whole number from 1.`);
  process.exit(64);
}
