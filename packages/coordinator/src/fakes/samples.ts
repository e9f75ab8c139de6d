import { report } from '@leafcutter/shared/fakes/samples';
import {
  LAYOUT_PRESETS,
  layoutFingerprint,
  type SnowflakeLayout,
  TWITTER_EPOCH_MS,
} from '@leafcutter/shared/layout';
import type { UnfencedRule } from '../domain/allocation/allocate.ts';
import type { Fence, FenceAnswer, FenceIdentity, FenceMove } from '../domain/allocation/fence.ts';
import type { CounterName, Holder, Range } from '../domain/allocation/range.ts';
import type { NewTag } from '../domain/allocation/store.ts';
import { KEY_SCHEMA } from '../domain/fence-guard/generation.ts';
import type { AgentRecord } from '../domain/fleet/roster.ts';
import type { LeaseRules } from '../domain/leases/leases.ts';
import type { SegmentRules } from '../domain/segments/segments.ts';
import type { StepDemand } from '../domain/segments/step.ts';

/** Ordinary values for tests: each test names only the ones it is about. */
export const SEGMENT_RULES: SegmentRules = {
  adaptiveStep: true,
  maxStep: 1_000_000,
  targetDurationS: 600,
  maxQueuedPerTag: 1_000,
  deadlineMs: 2_000,
};

export const LAYOUT: SnowflakeLayout = {
  ...LAYOUT_PRESETS.classic,
  datacenterBits: 0,
  epochMs: TWITTER_EPOCH_MS,
};
export const LAYOUT_TEXT = layoutFingerprint(LAYOUT);

/** A deployment whose MySQL and Redis have met: fakes of both begin in this state. */
export const SAMPLE_DEPLOYMENT = {
  identity: {
    deploymentId: '00000000-0000-4000-8000-00000000d001',
    layout: LAYOUT_TEXT,
    keySchema: KEY_SCHEMA,
    generation: '00000000-0000-4000-8000-00000000f001',
    sweep: 0,
  },
} as const satisfies { identity: FenceIdentity };

/** Lets ranges go unfenced, like a guard that has swept both stores. */
export const SWEPT: UnfencedRule = {
  unfencedRefusal: () => undefined,
  wentUnfenced: () => undefined,
};

/** The move of a fence on the sample Redis; the counter stands at `start` unless told otherwise. */
export function fenceMove(start: bigint, end: bigint, own: Partial<FenceMove> = {}): Omit<FenceMove, 'name'> {
  const { generation } = SAMPLE_DEPLOYMENT.identity;
  return { counter: start, top: start, start, end, generation, mayGoUnfenced: false, ...own };
}

/** Asks for one fence alone. */
export async function raiseOne(
  fence: Pick<Fence, 'raise'>,
  name: CounterName,
  move: Omit<FenceMove, 'name'>,
): Promise<FenceAnswer> {
  const [answer] = await fence.raise([{ ...move, name }]);
  if (answer === undefined) throw new Error('the fence did not answer');
  return answer;
}

export const LEASE_RULES: LeaseRules = {
  layout: LAYOUT,
  firstMachineId: 0,
  lastMachineId: 7,
  windowInitialMs: 120_000,
  windowMaxMs: 600_000,
  maxClockSkewMs: 2_000,
  leaseTtlMs: 60_000,
  deadlineMs: 2_000,
};

/** Nobody waits and nothing is known: the base step. */
export const CALM: StepDemand = { ratePerSecond: 0, waitingIds: 0, blockIds: 0 };

export function holder(n: number): Holder {
  return { agentId: `agent-${n}`, instanceId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` };
}

/** What the roster has of `holder(n)`. */
export function agentRecord(n: number, seenAtMs: number, tags: AgentRecord['tags'] = []): AgentRecord {
  const { names: _, intervalMs: nextReportMs, leaving: __, ...status } = report({ ...holder(n), tags });
  return { ...status, timeMs: seenAtMs, tagCount: n, nextReportMs, seenAtMs, revision: 0 };
}

export function newTag(tag: string, own: Partial<NewTag> = {}): NewTag {
  return {
    tag,
    nextId: 1n,
    step: 100,
    maxStep: undefined,
    targetDurationS: undefined,
    highestId: undefined,
    description: undefined,
    shape: undefined,
    ...own,
  };
}

/** Every pair of `ranges` that share a number. */
export function overlaps<T extends Range>(ranges: readonly T[]): [T, T][] {
  const sorted = [...ranges].sort((a, b) => (a.start < b.start ? -1 : 1));
  return sorted.flatMap((range, index) =>
    sorted.slice(index + 1).flatMap((other): [T, T][] => (other.start < range.end ? [[range, other]] : [])),
  );
}
