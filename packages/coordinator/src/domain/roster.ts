import type { AgentStatus } from '@leafcutter/shared/wire';

/** An agent process as the coordinators last saw it. */
export interface AgentRecord extends AgentStatus {
  /** How many tags it has in memory; `tags` shows the most telling of them. */
  readonly tagCount: number;
  /** When its next report is due, milliseconds after this one, at the latest. */
  readonly nextReportMs: number;
  /** The database's or Redis' clock is not asked: this is the time of the coordinator that was told. Unix milliseconds. */
  readonly seenAtMs: number;
}

/** Most agents that one answer lists. */
export const MAX_LISTED_AGENTS = 10_000;

/** The agents that reported lately, for metrics and the console. Nothing depends on it. */
export interface Roster {
  /** @throws STORE_UNAVAILABLE */
  report(agent: AgentRecord): Promise<void>;
  /** @throws STORE_UNAVAILABLE */
  remove(instanceId: string): Promise<void>;
  /** At most `MAX_LISTED_AGENTS`, most recently seen first. @throws STORE_UNAVAILABLE */
  list(): Promise<AgentRecord[]>;
  /** Says that somebody looks at the agents for the next `forMs`, so that they report more often. @throws STORE_UNAVAILABLE */
  watch(forMs: number): Promise<void>;
  /** Whether somebody looks at the agents, through any coordinator. @throws STORE_UNAVAILABLE */
  isWatched(): Promise<boolean>;
}
