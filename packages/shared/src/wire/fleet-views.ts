import type { Dependency } from './dependency.ts';
import type { AgentStatus, BufferView, TagView } from './wire.ts';

/** What the console is shown. One word per state, times in unix milliseconds, IDs as decimal strings. */

export type Level = 'ok' | 'warning' | 'critical';

/**
 * `unknown` while Redis, which carries the reports, does not answer, and then until the agent had time to report. What
 * is unknown is in no sum.
 */
export type AgentState = 'alive' | 'silent' | 'unknown';

/** Something that an operator should know, in plain words. */
export interface FleetProblem {
  /** Stays the same while the problem lasts, though its sentence changes. */
  readonly key: string;
  readonly level: Exclude<Level, 'ok'>;
  readonly sentence: string;
  /** What it is about, if there is a page about that. */
  readonly about: { readonly tag: string } | { readonly agentId: string } | null;
}

export interface PastProblem extends FleetProblem {
  readonly sinceMs: number;
  /** Null while it lasts, as far as anybody knows. */
  readonly untilMs: number | null;
  /**
   * Since when nobody can tell whether it lasts; null while that is known. With `untilMs`, nobody ever will: the agent
   * is no longer listed.
   */
  readonly unknownSinceMs: number | null;
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
  /** Tags of days that it has, if it is a template; they are in its sums. Null for any other tag. */
  readonly days: number | null;
  /** Agents that hold it and are alive; null while no report can be read. */
  readonly agents: number | null;
  /** Of those agents; null while no report can be read. */
  readonly ratePerSecond: number | null;
  /** Of the agent that runs out first; null if nobody draws, or no report can be read. */
  readonly runwaySeconds: number | null;
  /** IDs from the counter to the highest ID; null if the store does not say. */
  readonly idsLeft: string | null;
  readonly waiting: number;
  /** Code of a failed refill, or of what coordinators refuse; null if there is none. */
  readonly lastError: string | null;
}

export interface FleetAgent {
  readonly agentId: string;
  readonly instanceId: string;
  readonly version: string;
  readonly state: AgentState;
  readonly seenAtMs: number;
  readonly tagCount: number;
  /** As it last reported. */
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
  /** Of the agents that are alive; null while no report can be read. */
  readonly ratePerSecond: number | null;
  readonly counts: {
    /** Null while the store does not say. */
    readonly tags: number | null;
    /** All that are listed; the others say how many of them are what. */
    readonly agents: number;
    readonly alive: number;
    readonly silent: number;
    readonly unknown: number;
  };
  /** Null while Redis, through which they tell of each other, does not answer. */
  readonly coordinators: readonly FleetCoordinator[] | null;
  readonly tags: readonly FleetTag[];
  /** Those in trouble and the first ones by id; `GET /v1/agents` has all. */
  readonly agents: readonly FleetAgent[];
  readonly problems: readonly PastProblem[];
  /** As in `TagLive`, over all tags. */
  readonly history?: readonly RateAt[];
}

export interface FleetCoordinator {
  readonly coordinatorId: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly seenAtMs: number;
  readonly state: Exclude<AgentState, 'unknown'>;
}

/** An average over some seconds, or minutes if it is older than an hour. */
export interface RateAt {
  readonly atMs: number;
  /** IDs per second. */
  readonly ratePerSecond: number;
}

export interface TagLive {
  readonly timeMs: number;
  readonly tag: string;
  readonly view: TagView | null;
  /** Of the agents that are alive; null while no report can be read. */
  readonly ratePerSecond: number | null;
  /** Those that hold the tag or, if it is a template, the tags of its days. */
  readonly holders: readonly {
    readonly agentId: string;
    readonly instanceId: string;
    readonly state: AgentState;
    readonly seenAtMs: number;
    readonly buffer: BufferView;
  }[];
  /** Rates of the last day, oldest first; only in the first event of a stream. */
  readonly history?: readonly RateAt[];
}

/** One agent as it last reported: each process that uses its name, the most recently seen first. */
export interface AgentLive {
  readonly timeMs: number;
  readonly agentId: string;
  readonly instances: readonly {
    readonly state: AgentState;
    readonly seenAtMs: number;
    /** How many tags it has in memory; `status` shows the most important of them. */
    readonly tagCount: number;
    readonly status: AgentStatus;
  }[];
}

export interface MachineIdsLive {
  readonly timeMs: number;
  readonly first: number;
  /** One letter per machine id from `first` on: free, held, silent, waiting. */
  readonly states: string;
}
