import type { Holder } from './range.ts';

/** An agent process as the coordinators last saw it. */
export interface AgentRecord extends Holder {
  readonly version: string;
  /** How many tags it has in memory. */
  readonly tagCount: number;
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
}
