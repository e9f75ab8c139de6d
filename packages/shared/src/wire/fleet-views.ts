import type { Dependency } from './dependency.ts';
import type { AgentStatus, BufferView, TagView } from './wire.ts';

/** What the console is shown. One word per state, times in unix milliseconds, IDs as decimal strings. */

export type Level = 'ok' | 'warning' | 'critical';

/** `unknown` while Redis, which carries the reports, does not answer. */
export type AgentState = 'alive' | 'silent' | 'unknown';

/** Something that an operator should know, in plain words. */
export interface FleetProblem {
  /** Stays the same while the problem lasts, though its sentence changes. */
  readonly key: string;
  readonly level: Exclude<Level, 'ok'>;
  readonly sentence: string;
}

export interface PastProblem extends FleetProblem {
  readonly sinceMs: number;
  /** Null while it lasts. */
  readonly untilMs: number | null;
}

/**
 * What a coordinator knows of its Redis. `read_only`: it answers, but refused the last write, for example because it
 * is out of memory.
 */
export const REDIS_STATES = ['up', 'down', 'read_only', 'refused', 'none'] as const;
export type RedisState = (typeof REDIS_STATES)[number];

export interface StoreStates {
  readonly store: 'up' | 'down';
  readonly redis: RedisState;
  /** False if nothing is granted while Redis is away, because MySQL may have forgotten what only Redis knows. */
  readonly mayGoUnfenced: boolean;
  /** Counters for which this coordinator found lost writes in MySQL within the last hour. */
  readonly lostWrites: { readonly counters: number; readonly latest: string } | null;
  /** Background jobs that no coordinator has run in time, as far as this one sees. */
  readonly lateJobs: readonly { readonly job: string; readonly everyMs: number; readonly silentMs: number }[];
  /** What this coordinator depends on, with what was last said against it. */
  readonly dependencies: readonly Dependency[];
}

export interface FleetTag {
  readonly tag: string;
  readonly state: TagView['state'] | 'unknown';
  /** Agents that hold it. */
  readonly agents: number;
  readonly ratePerSecond: number;
  /** Of the agent that runs out first; null if nobody draws. */
  readonly runwaySeconds: number | null;
  /** IDs from the counter to the highest ID; null if the store does not say. */
  readonly idsLeft: string | null;
  readonly waiting: number;
  /** Code of a failed refill, if there is one. */
  readonly lastError: string | null;
}

export interface FleetAgent {
  readonly agentId: string;
  readonly instanceId: string;
  readonly version: string;
  readonly state: AgentState;
  readonly seenAtMs: number;
  readonly tagCount: number;
  readonly ratePerSecond: number;
  readonly runwaySeconds: number | null;
  readonly clock: AgentStatus['clock'];
  readonly snowflake: Pick<
    NonNullable<AgentStatus['snowflake']>,
    'state' | 'machineId' | 'window' | 'windowRemainingMs' | 'lastError'
  > | null;
}

export interface FleetView {
  readonly timeMs: number;
  readonly coordinatorId: string;
  readonly deploymentId: string;
  readonly health: { readonly level: Level; readonly sentence: string };
  readonly stores: StoreStates;
  readonly ratePerSecond: number;
  readonly counts: { readonly tags: number; readonly agents: number; readonly silent: number };
  readonly tags: readonly FleetTag[];
  readonly agents: readonly FleetAgent[];
  readonly problems: readonly PastProblem[];
  /** As in `TagLive`, over all tags. */
  readonly history?: readonly RateAt[];
}

export interface RateAt {
  readonly atMs: number;
  /** IDs per second. */
  readonly ratePerSecond: number;
}

export interface TagLive {
  readonly timeMs: number;
  readonly tag: string;
  readonly view: TagView | null;
  readonly ratePerSecond: number;
  readonly holders: readonly {
    readonly agentId: string;
    readonly instanceId: string;
    readonly state: AgentState;
    readonly buffer: BufferView;
  }[];
  /** Rates of the last hour, oldest first; only in the first event of a stream. */
  readonly history?: readonly RateAt[];
}

export interface MachineIdsLive {
  readonly timeMs: number;
  readonly first: number;
  /** One letter per machine id from `first` on: free, held, silent, waiting. */
  readonly states: string;
}
