import { Worker } from 'node:worker_threads';
import { type Capacity, capacityOf, MOST_MACHINE_IDS } from '../../support/capacity.ts';
import { sharedBy } from './grant-check.ts';
import { SEGMENT_LASTS_MS, STEP } from './light-agent.ts';
import {
  type FleetPlant,
  METERED,
  type PartOutcome,
  type PartPlan,
  runPart,
  SETTLING_MS,
  STARTING_MS,
  TAGS_PER_AGENT,
} from './run-part.ts';
import { addTally, newTally, type Tally } from './tally.ts';

export interface FleetPlan {
  readonly agents: number;
  readonly measuredMs: number;
  /** Default: as the model has it. */
  readonly deployments?: number | undefined;
  /** Of each deployment. Default: as the model has it. */
  readonly coordinators?: number | undefined;
  /** Of each deployment. Default: the most that one grants. */
  readonly machineIds?: number;
  /** Whether somebody looks at a console of each deployment all the time. */
  readonly isWatched?: boolean;
  readonly progress?: (text: string) => void;
}

export interface FleetOutcome {
  readonly agents: number;
  readonly deployments: number;
  /** In all deployments together. */
  readonly coordinators: number;
  readonly measuredS: number;
  readonly simulatedS: number;
  readonly expected: Capacity;
  readonly starting: Tally;
  readonly counted: Tally;
  readonly duplicates: readonly string[];
  readonly granted: number;
  readonly rosterBytes: number;
  readonly onRoster: number;
  readonly cpuMs: ReadonlyMap<string, number>;
  /** For how long CPU time was measured. */
  readonly meteredS: number;
}

/** Runs a fleet in this thread. */
export function runFleet(plan: FleetPlan, plant?: FleetPlant): Promise<FleetOutcome> {
  return run(plan, 1, (part, progress) => runPart(part, progress, plant));
}

/** Runs a fleet with each deployment in a thread of its own, so many at a time. */
export function runFleetInThreads(plan: FleetPlan, threads: number): Promise<FleetOutcome> {
  return run(plan, threads, inThread);
}

type RunPart = (plan: PartPlan, progress: (text: string) => void) => Promise<PartOutcome>;

async function run(plan: FleetPlan, atATime: number, runOne: RunPart): Promise<FleetOutcome> {
  const { agents, measuredMs, isWatched = false, progress = () => undefined } = plan;
  const expected = modelOf(agents, isWatched);
  const of = plan.deployments ?? expected.deployments;
  const coordinators = plan.coordinators ?? modelOf(agents / of, isWatched).coordinators;
  const { machineIds = MOST_MACHINE_IDS } = plan;
  const parts: PartOutcome[] = [];
  const waiting = Array.from({ length: of }, (_, index) => index);
  const line = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const part = { index, of, agents, coordinators, machineIds, measuredMs, isWatched };
      parts.push(await runOne(part, (text) => progress(`deployment ${part.index + 1} of ${of}, ${text}`)));
    }
  };
  await Promise.all(Array.from({ length: atATime }, line));
  const [starting, counted] = [newTally(0), newTally(STARTING_MS + SETTLING_MS)];
  const cpuMs = new Map<string, number>();
  for (const part of parts) {
    addTally(starting, part.starting);
    addTally(counted, part.counted);
    for (const [work, ms] of part.cpuMs) cpuMs.set(work, (cpuMs.get(work) ?? 0) + ms);
  }
  const sum = (of: (part: PartOutcome) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    agents,
    deployments: of,
    coordinators: of * coordinators,
    measuredS: measuredMs / 1_000,
    simulatedS: (STARTING_MS + SETTLING_MS + measuredMs) / 1_000,
    expected,
    starting,
    counted,
    duplicates: [
      ...parts.flatMap(({ duplicates }) => duplicates),
      ...sharedBy(parts.map((part) => part.extents)),
    ],
    granted: sum(({ granted }) => granted),
    rosterBytes: sum(({ rosterBytes }) => rosterBytes),
    onRoster: sum(({ onRoster }) => onRoster),
    cpuMs,
    meteredS: (measuredMs * METERED) / 1_000,
  };
}

function modelOf(agents: number, isWatched: boolean): Capacity {
  const idsPerS = (agents * TAGS_PER_AGENT * STEP) / (SEGMENT_LASTS_MS / 1_000);
  return capacityOf({ agents, tags: TAGS_PER_AGENT, idsPerS, maxStep: STEP, isWatched });
}

function inThread(workerData: PartPlan, progress: (text: string) => void): Promise<PartOutcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./part-worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 128, maxOldGenerationSizeMb: 4_096 },
    });
    worker.on('message', (message: string | PartOutcome) => {
      if (typeof message === 'string') progress(message);
      else resolve(message);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('a deployment ended without an outcome')));
  });
}
