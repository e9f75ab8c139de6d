import { joined, toText } from '@leafcutter/coordinator/domain/fleet/record-text';
import { ENTRY_BYTES, PAGE, TAG_BYTES } from '@leafcutter/coordinator/domain/fleet/roster';
import type { Coordinator } from '@leafcutter/coordinator/http/coordinator';
import type { Clock } from '@leafcutter/shared/clock';
import { EPOCH_MS } from '../machine/host.ts';
import { Random } from '../machine/random.ts';
import { Scheduler } from '../machine/scheduler.ts';
import { FleetCalls } from './fleet-calls.ts';
import { type FleetDeployment, startDeployment } from './fleet-deployment.ts';
import { FleetDoor } from './fleet-door.ts';
import { type Extent, GrantCheck } from './grant-check.ts';
import { LightAgent } from './light-agent.ts';
import { CpuMeter, newTally, type Tally } from './tally.ts';

export const TAGS = 200;
export const TAGS_PER_AGENT = 10;
/** Agents start evenly over as long as a full window goes without an extension, so that these come evenly, too. */
export const STARTING_MS = 300_000;
/** From then on a window of the youngest agent is extended as often as later: it is 480 s long, and soon 600. */
export const SETTLING_MS = 200_000;
/** Agents begin to report so long before calls are counted, spread over half of that: what they say before changes nothing. */
const REPORTING_MS = 40_000;
/** CPU time is measured in the last part of the measured time. */
export const METERED = 0.1;
/** How often it says how far it is, in simulated time. */
const TOLD_EVERY_MS = 60_000;
/** The golden section: whatever the number of agents, its multiples are spread evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** One deployment's part of a fleet. It can be sent to another thread. */
export interface PartPlan {
  /** Which of `of` deployments it is, from 0 on. */
  readonly index: number;
  readonly of: number;
  /** Of the whole fleet. */
  readonly agents: number;
  readonly coordinators: number;
  readonly machineIds: number;
  readonly measuredMs: number;
  readonly isWatched: boolean;
}

/** It can be sent to another thread. */
export interface PartOutcome {
  readonly starting: Tally;
  readonly counted: Tally;
  readonly duplicates: readonly string[];
  readonly extents: readonly Extent[];
  readonly granted: number;
  readonly rosterBytes: number;
  readonly onRoster: number;
  /** CPU time of this thread in the last tenth of the measured time, by what it was spent on. */
  readonly cpuMs: ReadonlyMap<string, number>;
}

/** What is wrong with a coordinator, for negative controls. */
export type FleetPlant = (coordinator: Coordinator) => Coordinator;

/**
 * Starts a deployment and its agents, lets them settle, and counts what they call for a while. Deployments of a fleet share
 * nothing, so each has a scheduler of its own. No time passes but the scheduler's.
 */
export async function runPart(
  plan: PartPlan,
  progress: (text: string) => void,
  plant: FleetPlant = (coordinator) => coordinator,
): Promise<PartOutcome> {
  const { measuredMs } = plan;
  const scheduler = new Scheduler();
  const random = new Random(plan.index, 'fleet');
  const meter = new CpuMeter();
  const grants = new GrantCheck();
  const tags = Array.from({ length: TAGS }, (_, n) => `tag-${n}`);
  const clock = meter.clock(scheduler, EPOCH_MS);
  const ownClock = meter.clock(scheduler, EPOCH_MS, 'rest');
  const deployment = await whileTimePasses(
    scheduler,
    startDeployment({ ...plan, clock, ownClock, random: random.next, tags }),
  );
  const { coordinators, layout, roster } = deployment;
  // Until agents report, there is nothing to see, and looking once a second would cost more than all they do.
  if (plan.isWatched)
    scheduler.after(STARTING_MS + SETTLING_MS - REPORTING_MS, () => {
      coordinators[0]?.watch.subscribe(() => undefined);
    });
  const begunMs = scheduler.now;
  const fromMs = begunMs + STARTING_MS + SETTLING_MS;
  const [starting, counted] = [newTally(begunMs), newTally(fromMs)];
  let tally = starting;
  const agentClock: Clock = { ...clock, after: (ms, work) => scheduler.after(ms, work) };
  const shared = { clock: agentClock, random: random.next, layout, grants, meter, tally: () => tally };
  const ways = coordinators.map(
    (coordinator) => new FleetCalls({ ...shared, door: new FleetDoor(plant(coordinator)) }),
  );
  startAgents(plan, { scheduler, random, meter, ways, tags });
  const pass = async (untilMs: number) => {
    while (scheduler.now < untilMs) {
      await scheduler.runUntil(Math.min(untilMs, scheduler.now + TOLD_EVERY_MS));
      progress(
        `${seconds(scheduler.now - begunMs)} of ${seconds(fromMs + measuredMs - begunMs)} simulated s`,
      );
    }
  };
  await pass(fromMs);
  tally = counted;
  await pass(fromMs + measuredMs * (1 - METERED));
  meter.switch(true);
  await pass(fromMs + measuredMs);
  meter.switch(false);
  const { bytes: rosterBytes, agents: onRoster } = await sizeOf(roster);
  return {
    starting,
    counted,
    duplicates: grants.duplicates(),
    extents: grants.extents(),
    granted: grants.granted,
    rosterBytes,
    onRoster,
    cpuMs: meter.spentMs,
  };
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}

/** Lets time pass until `work` is done. */
async function whileTimePasses<T>(scheduler: Scheduler, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await scheduler.runUntil(scheduler.now + 1);
  return done;
}

interface Started {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly meter: CpuMeter;
  readonly ways: readonly FleetCalls[];
  readonly tags: readonly string[];
}

/** Every `of`-th agent of the fleet is this deployment's. */
function startAgents(
  { index, of, agents }: PartPlan,
  { scheduler, random, meter, ways, tags }: Started,
): void {
  for (let n = index; n < agents; n += of) {
    const startMs = (n / agents) * STARTING_MS;
    const reportMs = STARTING_MS + SETTLING_MS - REPORTING_MS * (1 - ((n * GOLDEN) % 1) / 2);
    const way = ways[Math.floor(n / of) % ways.length];
    if (way === undefined) throw new Error('a deployment has at least one coordinator');
    scheduler.after(startMs, () => {
      meter.enter('agents');
      const agent = new LightAgent(way, { agentId: `pod-${n}`, instanceId: random.uuid() });
      agent.start(tagsOf(n, tags), Math.max(0, reportMs - startMs));
    });
  }
}

/** Agents overlap in tags, and every tag has its share. */
function tagsOf(n: number, tags: readonly string[]) {
  return Array.from({ length: TAGS_PER_AGENT }, (_, which) => ({
    tag: tags[(n * 7 + which * (tags.length / TAGS_PER_AGENT)) % tags.length] ?? '',
    usedAtFirst: ((n * TAGS_PER_AGENT + which) * GOLDEN) % 1,
  }));
}

/** What the roster counts towards `rosterMaxMb`. */
async function sizeOf(roster: FleetDeployment['roster']): Promise<{ bytes: number; agents: number }> {
  let [bytes, agents] = [0, 0];
  let after: string | undefined;
  do {
    const page = await roster.page({ after, most: PAGE });
    for (const agent of page.agents) bytes += Buffer.byteLength(joined(agent, toText(agent))) + ENTRY_BYTES;
    agents += page.agents.length;
    after = page.next ?? undefined;
  } while (after !== undefined);
  for await (const sums of roster.sums()) for (const { tag } of sums) bytes += tag.length + TAG_BYTES;
  return { bytes, agents };
}
