import { join } from 'node:path';
import { FOR_A_FLEET, startOneCoordinator } from './one-coordinator.ts';
import { type Round, type Row, ratios } from './rounds.ts';
import { type Costs, ServerCosts } from './server-costs.ts';
import { SimulatedFleet } from './simulated-fleet.ts';
import { flatOut } from './steady-load.ts';

const TAGS = Array.from({ length: 200 }, (_, n) => `tag-${n}`);
const [HOT = ''] = TAGS;
const AGENTS = 200;
const CALLERS = 64;
const GRANTING_CALLERS = 8;
const MAX_TRIES = 10;

/** What is called, how many times as many of it as beside it, at least. */
const CALLS: readonly {
  name: string;
  atLeast: number;
  call: (fleet: SimulatedFleet, n: number) => Promise<void>;
}[] = [
  {
    name: `refills over ${TAGS.length} tags`,
    atLeast: 4,
    call: (fleet, n) => fleet.refill(n % AGENTS, TAGS[n % TAGS.length] ?? HOT),
  },
  { name: 'refills of one tag', atLeast: 0.97, call: (fleet, n) => fleet.refill(n % AGENTS, HOT) },
  {
    name: 'heartbeats that extend the window',
    atLeast: 3,
    call: (fleet, n) => fleet.heartbeat(n % AGENTS, true),
  },
  { name: 'heartbeats', atLeast: 0.97, call: (fleet, n) => fleet.heartbeat(n % AGENTS, false) },
];

interface Side {
  readonly fleet: SimulatedFleet;
  readonly costs: ServerCosts;
}

/** What one kind of call did in one round. */
interface Measured {
  readonly perSecond: number;
  readonly failed: number;
  /** Of coordinator, MariaDB and Redis together, for each call. */
  readonly cpuMs: number;
}

/** One coordinator, and in turn with it that of another version, whose tree is `beside`; each on stores of its own. */
export async function besideRows(
  beside: string,
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  progress('beside: both versions start');
  const subject = await openSide(stack, undefined);
  const baseline = await openSide(stack, join(beside, 'packages/cli/src/main.ts'));
  const forMs = quick ? 2_000 : 4_000;
  const rows: Row[] = [];
  for (const { name, atLeast, call } of CALLS) {
    const measured: (Round & { own: Measured; other: Measured })[] = [];
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? `${name}: warming up` : `${name}: round ${round} of ${rounds}`);
      const own = await measure(subject, forMs, call);
      const other = await measure(baseline, forMs, call);
      if (round > 0) measured.push({ own, other, subject: own.perSecond, baseline: other.perSecond });
    }
    const failed = measured.reduce((sum, { own, other }) => sum + own.failed + other.failed, 0);
    const cpu = ratios(measured.map(({ own, other }) => ({ subject: own.cpuMs, baseline: other.cpuMs })));
    const each = `CPU of coordinator and stores for each ${cpu.subject.median.toFixed(3)} ms vs ${cpu.baseline.median.toFixed(3)} ms`;
    rows.push({
      row: `coordinator, ${name}, ${CALLERS} callers, vs ${beside}`,
      unit: 'calls/s',
      atLeast,
      ...ratios(measured),
      note: `${each}; ${failed} failed`,
    });
  }
  return rows;
}

async function openSide(stack: AsyncDisposableStack, main: string | undefined): Promise<Side> {
  const servers = await startOneCoordinator(stack, FOR_A_FLEET, main);
  const fleet = new SimulatedFleet(servers.coordinator.url, AGENTS, TAGS);
  stack.defer(() => fleet.close());
  await fleet.createTags();
  // A machine that is busy with other work refuses some at first.
  for (let tries = 0; fleet.leased(AGENTS) < AGENTS && tries < MAX_TRIES; tries++)
    await flatOut(
      GRANTING_CALLERS,
      (n) => n >= AGENTS,
      async (n) => {
        if (!fleet.isLeased(n)) await fleet.takeLease(n);
      },
    );
  if (fleet.leased(AGENTS) < AGENTS) throw new Error('leases were refused');
  return { fleet, costs: stack.use(await ServerCosts.of(servers)) };
}

async function measure(
  { fleet, costs }: Side,
  forMs: number,
  call: (fleet: SimulatedFleet, n: number) => Promise<void>,
): Promise<Measured> {
  let [answered, failed] = [0, 0];
  const used: Costs = await costs.during(async () => {
    const end = performance.now() + forMs;
    const tally = await flatOut(
      CALLERS,
      () => performance.now() >= end,
      (n) => call(fleet, n),
    );
    [answered, failed] = [tally.latenciesMs.length, tally.failed];
  });
  const cpuS = used.coordinatorCpuS + used.mysqlCpuS + used.redisCpuS;
  return { perSecond: answered / used.seconds, failed, cpuMs: (cpuS / answered) * 1_000 };
}
