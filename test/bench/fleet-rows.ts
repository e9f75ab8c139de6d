import { cpus } from 'node:os';
import type { Service } from '../support/service.ts';
import { callRows } from './fleet-calls.ts';
import { coldStartRow } from './fleet-start.ts';
import { FOR_A_FLEET, startOneCoordinator } from './one-coordinator.ts';
import type { Row } from './rounds.ts';
import { type Costs, ServerCosts } from './server-costs.ts';
import { CONNECTIONS, SimulatedFleet } from './simulated-fleet.ts';
import { flatOut, type Pace, SteadyLoad, type Tally } from './steady-load.ts';

const TAGS = 200;
const EVERY_S = 15;
/** How long a segment lasts at least once its tag has settled. */
const SEGMENT_LASTS_S = 600;
/** A full window of ten minutes is extended when half of it is left: at every twentieth heartbeat. */
const BEATS_PER_EXTENSION = 20;
const GRANTING_CALLERS = 8;
const GRANTING_MAX_S = 240;

/** What the fleet is asked to do, whole and quick. */
const PLANS = {
  // A warm-up as long as the interval of reports fills the roster; a measurement holds a look at the fleet or two.
  whole: { starting: 5_000, sizes: [1_000, 5_000, 20_000], warmUpS: 16, measureS: 20, callsS: 8 },
  quick: { starting: 1_000, sizes: [1_000], warmUpS: 3, measureS: 6, callsS: 2 },
} as const;

/**
 * One coordinator on MariaDB and Redis under fleets of simulated agents that do what real ones do in a steady state:
 * what each kind of call costs by itself, and how the whole behaves at each size.
 */
export async function fleetRows(quick: boolean, progress: (text: string) => void): Promise<Row[]> {
  const plan = quick ? PLANS.quick : PLANS.whole;
  const largest = Math.max(...plan.sizes);
  await using stack = new AsyncDisposableStack();
  const servers = await startOneCoordinator(stack, FOR_A_FLEET);
  const { coordinator } = servers;
  const tags = Array.from({ length: TAGS }, (_, n) => `tag-${n}`);
  const fleet = new SimulatedFleet(coordinator.url, largest, tags);
  stack.defer(() => fleet.close());
  const costs = stack.use(await ServerCosts.of(servers));
  await fleet.createTags();

  progress(`fleet: ${count(plan.starting)} agents start within 10 s`);
  const rows: Row[] = [await coldStartRow(fleet, costs, plan.starting)];
  let leased: number = plan.starting;
  for (const size of plan.sizes) {
    progress(`fleet: ${count(Math.max(0, size - leased))} leases are taken`);
    const granted = await takeLeases(fleet, costs, leased, size);
    if (rows.length === 1)
      rows.push(...(await callRows(fleet, costs, { size, tags, seconds: plan.callsS }, progress)));
    leased = Math.max(leased, size);
    progress(`fleet: ${count(size)} agents for ${plan.warmUpS + plan.measureS} s`);
    rows.push(await sizeRow({ coordinator, fleet, costs, size, granted, ...plan }));
  }
  const ledger = await costs.ledgerSize();
  rows.push({
    row: 'what a fleet leaves behind',
    figures: {
      ledger: `${count(ledger.rows)} rows, ${ledger.bytesPerRow.toFixed(0)} bytes each with both indexes`,
      'roster in Redis': `${((await rosterBytes(costs)) / largest).toFixed(0)} bytes an agent with ${fleet.tagsPerAgent} tags, in all its keys`,
    },
  });
  return rows;
}

/** Takes leases for the agents from `first` to below `end`, as many as it gets in time; says how that went. */
async function takeLeases(
  fleet: SimulatedFleet,
  costs: ServerCosts,
  first: number,
  end: number,
): Promise<string> {
  const until = performance.now() + GRANTING_MAX_S * 1_000;
  let tally: Tally | undefined;
  const used = await costs.during(async () => {
    const isOver = (n: number) => n >= end - first || performance.now() > until;
    tally = await flatOut(GRANTING_CALLERS, isOver, (n) => fleet.takeLease(first + n));
  });
  const answered = tally?.latenciesMs.length ?? 0;
  if (tally === undefined || answered === 0) return 'no more were taken';
  return `${count(answered)} more at ${(answered / used.seconds).toFixed(0)} a second, ${latency(tally)}; coordinator ${percent(used.coordinatorCpuS, used)}, MariaDB ${percent(used.mysqlCpuS, used)}`;
}

interface SizeRun {
  readonly coordinator: Service;
  readonly fleet: SimulatedFleet;
  readonly costs: ServerCosts;
  readonly size: number;
  /** How its leases were taken. */
  readonly granted: string;
  readonly warmUpS: number;
  readonly measureS: number;
}

async function sizeRow(run: SizeRun): Promise<Row> {
  const { coordinator, fleet, costs, size, warmUpS, measureS } = run;
  const load = new SteadyLoad(pacesOf(fleet, size));
  try {
    await sleep(warmUpS * 1_000);
    const linesBefore = coordinator.process.lineCount;
    const used = await costs.during(async () => {
      load.countAnew();
      await sleep(measureS * 1_000);
      load.freeze();
    });
    const calls = [...load.tallies].map(([name, tally]) => [name, spoken(tally, measureS)] as const);
    const { lines, lineCount } = coordinator.process;
    return {
      row: `one coordinator, ${count(size)} agents × ${fleet.tagsPerAgent} of ${TAGS} tags, over a pool of ${CONNECTIONS} connections`,
      figures: {
        leases: `${count(fleet.leased(size))} held; ${run.granted}`,
        ...Object.fromEntries(calls),
        coordinator: `${percent(used.coordinatorCpuS, used)}, longest pause of its event loop ${(used.pauseS * 1_000).toFixed(0)} ms`,
        Redis: `${percent(used.redisCpuS, used)}, ${perSecond(redisCalls(used), used)} commands/s`,
        MariaDB: `${percent(used.mysqlCpuS, used)}, ${perSecond(used.mysqlStatements, used)} statements/s, ${perSecond(used.mysqlCommits, used)} commits/s`,
        machine: `${cpus().length} cores, shared with others: all of them ${percent(used.machineCpuS, used)}, of that this simulation ${percent(used.ownCpuS, used)}`,
        'looks at the roster': looks(used),
        'coordinator warned': warned(lineCount === linesBefore ? [] : lines.slice(linesBefore - lineCount)),
      },
    };
  } finally {
    await load.stop();
  }
}

/** The calls of `size` agents in a steady state, one agent after the other, so that they are spread evenly. */
function pacesOf(fleet: SimulatedFleet, size: number): Pace[] {
  const round = (n: number) => Math.floor(n / size);
  const { tagsPerAgent } = fleet;
  return [
    {
      name: 'refills',
      perSecond: (size * tagsPerAgent) / SEGMENT_LASTS_S,
      call: (n) => fleet.refill(n % size, fleet.tagOf(n % size, round(n) % tagsPerAgent)),
    },
    {
      name: 'heartbeats',
      perSecond: size / EVERY_S,
      call: (n) => fleet.heartbeat(n % size, ((n % size) + round(n)) % BEATS_PER_EXTENSION === 0),
    },
    { name: 'reports', perSecond: size / EVERY_S, call: (n) => fleet.report(n % size) },
  ];
}

/** What the coordinator logged, each message once with how often it came. */
function warned(lines: readonly string[]): string {
  const said = new Map<string, number>();
  for (const line of lines) {
    const message = /"msg":"([^"]*)"/.exec(line)?.[1] ?? line;
    said.set(message, (said.get(message) ?? 0) + 1);
  }
  return [...said].map(([message, times]) => `${message} × ${times}`).join('; ') || 'never';
}

function spoken(tally: Tally, seconds: number): string {
  const why = [...tally.failures].map(([reason, times]) => `${reason} × ${times}`).join(', ');
  const failed = tally.failed === 0 ? '0 failed' : `${count(tally.failed)} failed (${why})`;
  return `${(tally.latenciesMs.length / seconds).toFixed(1)}/s, ${latency(tally)}, ${failed}`;
}

/** `HSCAN` reads the sums of tags, and `ZRANGEBYLEX` begins a page of agents, once a look. */
function looks({ redisCommands }: Costs): string {
  const [begun, read] = [redisCommands.get('zrangebylex'), redisCommands.get('hscan')];
  return begun === undefined || read === undefined
    ? 'none'
    : `${begun.calls}; ${((read.usec / read.calls) * 1e-3).toFixed(2)} ms of Redis for each HSCAN`;
}

const ROSTER_KEYS = ['records', 'due', 'silent', 'troubled', 'places', 'sums', 'bytes'];

async function rosterBytes(costs: ServerCosts): Promise<number> {
  const bytes = await Promise.all(ROSTER_KEYS.map((name) => costs.redisBytes(`leafcutter:{roster}:${name}`)));
  return bytes.reduce((sum, one) => sum + one, 0);
}

function redisCalls({ redisCommands }: Costs): number {
  return [...redisCommands.values()].reduce((sum, { calls }) => sum + calls, 0);
}

function latency(tally: Tally): string {
  return `p50 ${tally.percentile(0.5).toFixed(1)} ms, p99 ${tally.percentile(0.99).toFixed(1)} ms, worst ${tally.percentile(1).toFixed(0)} ms`;
}

function percent(cpuS: number, { seconds }: Costs): string {
  return `${((cpuS / seconds) * 100).toFixed(1)} % of a core`;
}

function perSecond(total: number, { seconds }: Costs): string {
  return count(Math.round(total / seconds));
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
