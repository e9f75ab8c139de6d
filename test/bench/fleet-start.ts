import type { Row } from './rounds.ts';
import type { Costs, ServerCosts } from './server-costs.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import { Tally } from './steady-load.ts';

/** Within how long all agents start. */
const WITHIN_MS = 10_000;
/** What an agent waits before it asks again for what was refused. */
const AGAIN_MS = 1_000;
const MAX_TRIES = 60;
/** How long it goes on after the last start. */
const AFTER_MS = 30_000;
const EVERY_MS = 15_000;

interface Starts {
  readonly leases: Tally;
  readonly heartbeats: Tally;
  readonly reports: Tally;
}

/**
 * The power came back: stores and coordinator have just started, nothing is warm, and so many agents start within ten
 * seconds. Each asks for a lease and reports, and then sends heartbeats and reports as it would anyway.
 */
export async function coldStartRow(fleet: SimulatedFleet, costs: ServerCosts, size: number): Promise<Row> {
  const tallies: Starts = { leases: new Tally(), heartbeats: new Tally(), reports: new Tally() };
  const used = await costs.during(async () => {
    const endAt = performance.now() + WITHIN_MS + AFTER_MS;
    await Promise.all(Array.from({ length: size }, (_, n) => lifeOf(fleet, n, size, endAt, tallies)));
  });
  return {
    row: `power comes back: ${size.toLocaleString('en')} agents start within 10 s, stores and coordinator cold`,
    figures: {
      'first lease, from the start of the agent': spoken(tallies.leases),
      heartbeats: spoken(tallies.heartbeats),
      reports: spoken(tallies.reports),
      coordinator: pause(used),
    },
  };
}

async function lifeOf(
  fleet: SimulatedFleet,
  n: number,
  size: number,
  endAt: number,
  tallies: Starts,
): Promise<void> {
  await sleep((n / size) * WITHIN_MS);
  const begun = performance.now();
  for (let tries = 0; tries < MAX_TRIES && performance.now() < endAt; tries++) {
    try {
      await fleet.takeLease(n);
      tallies.leases.latenciesMs.push(performance.now() - begun);
      break;
    } catch (error) {
      tallies.leases.fail(error);
      await sleep(AGAIN_MS);
    }
  }
  const beat = (tally: Tally, call: () => Promise<void>, early: () => number) =>
    repeat(endAt, early, async () => {
      const at = performance.now();
      try {
        await call();
        tally.latenciesMs.push(performance.now() - at);
      } catch (error) {
        tally.fail(error);
      }
    });
  const isLeased = fleet.isLeased(n);
  await Promise.all([
    beat(
      tallies.reports,
      () => fleet.report(n),
      () => 0.1 * Math.random(),
    ),
    isLeased
      ? sleep(EVERY_MS).then(() =>
          beat(
            tallies.heartbeats,
            () => fleet.heartbeat(n, false),
            () => 0,
          ),
        )
      : undefined,
  ]);
}

/** Does it at once and then every 15 s, or earlier by a share of that. */
async function repeat(endAt: number, early: () => number, work: () => Promise<void>): Promise<void> {
  while (performance.now() < endAt) {
    await work();
    await sleep(EVERY_MS * (1 - early()));
  }
}

function spoken(tally: Tally): string {
  const why = [...tally.failures].map(([reason, times]) => `${reason} × ${times}`).join(', ');
  const refused = tally.failed === 0 ? '0 refused' : `${tally.failed} refused (${why})`;
  const [p50, p99] = [tally.percentile(0.5), tally.percentile(0.99)];
  return `${tally.latenciesMs.length} answered, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${refused}`;
}

function pause({ coordinatorCpuS, seconds, pauseS }: Costs): string {
  const share = ((coordinatorCpuS / seconds) * 100).toFixed(1);
  return `${share} % of a core, longest pause of its event loop ${(pauseS * 1_000).toFixed(0)} ms`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
