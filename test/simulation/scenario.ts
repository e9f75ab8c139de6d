import type { NewTag } from '@leafcutter/coordinator/domain/allocation/store';
import type { LeaseRules } from '@leafcutter/coordinator/domain/leases/leases';
import type { SegmentRules } from '@leafcutter/coordinator/domain/segments/segments';
import { LAYOUT, newTag } from '@leafcutter/coordinator/fakes/samples';
import type { SnowflakeLayout } from '@leafcutter/shared/layout';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { Fault, FaultKind } from './faults/fault.ts';
import { planFaults } from './faults/plan.ts';
import { Random } from './machine/random.ts';
import type { AgentRules } from './services/simulated-agent.ts';
import type { CoordinatorRules } from './services/simulated-coordinator.ts';

/** Everything that one run is made of. A seed makes one; shrinking makes smaller ones from it. */
export interface Scenario {
  readonly seed: number;
  readonly agents: number;
  readonly coordinators: number;
  readonly tags: readonly NewTag[];
  readonly rules: CoordinatorRules & { readonly agent: AgentRules };
  /** Applications ask for IDs of all tags at once, so that coordinators take groups of counters; one seed in eight does so. */
  readonly drawsTogether: boolean;
  readonly faults: readonly Fault[];
  /** When the last fault ends and everything is set right, milliseconds. */
  readonly healAtMs: number;
}

/** How long everything has to recover once all is well (I5): longer than two of the longest windows. */
export const RECOVERY_MS = 40_000;

const SHORTEST_TROUBLE_MS = 20_000;
const LONGEST_TROUBLE_MS = 80_000;
/** Windows are short, so that many of them pass within a run. */
const WINDOW_INITIAL_MS = 6_000;
const WINDOW_MAX_MS = 18_000;

/** The scenario of a seed; with `aimed`, one in which nothing but these goes wrong. */
export function scenarioOf(seed: number, aimed?: readonly FaultKind[]): Scenario {
  const random = new Random(seed, 'scenario');
  const agents = random.between(2, 4);
  const healAtMs = random.between(SHORTEST_TROUBLE_MS, LONGEST_TROUBLE_MS);
  return {
    seed,
    agents,
    coordinators: random.between(2, 3),
    tags: tagsFor(random),
    rules: rulesFor(random, agents),
    drawsTogether: seed % 8 === 3,
    faults: planFaults(random, healAtMs, aimed),
    healAtMs,
  };
}

/** Tags at every place where numbers can go wrong: at the start, around 2^53, at the top of 63 bits, near their end. */
function tagsFor(random: Random): NewTag[] {
  const size = (tag: string, own: Partial<NewTag>) =>
    newTag(tag, { step: random.between(5, 100), maxStep: 400, targetDurationS: 5, ...own });
  return [
    size('orders', {}),
    size('wide', { step: 1_000, maxStep: 5_000 }),
    size('2-to-the-53', { nextId: 2n ** 53n - BigInt(random.between(1, 2_000)) }),
    size('top', { nextId: HIGHEST_ID - BigInt(random.between(2_000, 100_000)) }),
    size('short', { highestId: BigInt(random.between(500, 5_000)) }),
  ];
}

function rulesFor(random: Random, agents: number): Scenario['rules'] {
  // With few bits, batches fill a millisecond and move on to the next.
  const layout: SnowflakeLayout = { ...LAYOUT, sequenceBits: random.pick([4, 12]) };
  const sequenceStartMax = random.pick([0, 2 ** (layout.sequenceBits - 2) - 1]);
  const segments: SegmentRules = {
    adaptiveStep: random.chance(0.8),
    maxStep: 1_000,
    targetDurationS: 5,
    maxQueuedPerTag: random.pick([4, 100]),
    deadlineMs: 1_500,
  };
  const leases: LeaseRules = {
    layout,
    firstMachineId: 0,
    lastMachineId: agents * 2 - random.between(0, 1),
    windowInitialMs: WINDOW_INITIAL_MS,
    windowMaxMs: WINDOW_MAX_MS,
    maxClockSkewMs: 2_000,
    leaseTtlMs: 6_000,
    deadlineMs: 1_500,
  };
  const maxWaiting = random.pick([0, 3, 100]);
  const agent: AgentRules = {
    tags: {
      prefetchAtUsedRatio: random.pick([0, 0.1, 0.5, 0.9, 1]),
      maxWaiting,
      waitMs: 2_000,
      maxTags: 10,
      // If nobody may wait, a tag that leaves memory between two calls would never be served.
      idleMs: maxWaiting === 0 ? 60_000 : random.pick([2_000, 60_000]),
    },
    generator: { layout, sequenceStartMax, maxClockDriftMs: 2_000 },
    maxClockSkewMs: 2_000,
    reportIntervalMs: 5_000,
  };
  return {
    segments,
    leases,
    agent,
    heartbeatMs: random.between(1_000, 4_000),
    sweepEveryMs: 10_000,
    pruneEveryMs: 7_000,
  };
}
