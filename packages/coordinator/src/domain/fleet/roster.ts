import type { AgentStatus } from '@leafcutter/shared/wire';

/** An agent process as the coordinators last saw it. */
export interface AgentRecord extends AgentStatus {
  /** How many tags it has in memory; `tags` shows the most important of them. */
  readonly tagCount: number;
  /** When its next report is due at the latest, milliseconds after this one. */
  readonly nextReportMs: number;
  /** When the coordinator got the report, by its own clock (no store's clock is asked), unix milliseconds. */
  readonly seenAtMs: number;
}

/** Most agents that one answer lists. */
export const MAX_LISTED_AGENTS = 10_000;

/** Most room that one agent takes. Of its tags, as many are kept as fit: about 100. */
const MAX_RECORD_BYTES = 32_768;

/** Roughly what an entry takes besides its text, in bytes. */
export const ENTRY_BYTES = 300;

/**
 * The agents that reported lately, for metrics and the console. Nothing depends on it. Agents may report anything, so
 * the roster has a bound in bytes.
 */
export interface Roster {
  /** False if there was no room, and nothing was entered. @throws STORE_UNAVAILABLE */
  report(agent: AgentRecord): Promise<boolean>;
  /** @throws STORE_UNAVAILABLE */
  remove(instanceId: string): Promise<void>;
  /** At most `MAX_LISTED_AGENTS`, most recently seen first. @throws STORE_UNAVAILABLE */
  list(): Promise<AgentRecord[]>;
  /** Removes agents that were last seen before this moment; resolves to how many stay. @throws STORE_UNAVAILABLE */
  reap(seenBeforeMs: number): Promise<number>;
  /**
   * Says that somebody looks at the agents for the next `forMs`, so that they report more often. @throws
   * STORE_UNAVAILABLE
   */
  watch(forMs: number): Promise<void>;
  /** Whether somebody looks at the agents, through any coordinator. @throws STORE_UNAVAILABLE */
  isWatched(): Promise<boolean>;
}

/** A record as it is kept. */
export function toText(agent: AgentRecord): string {
  const text = JSON.stringify(agent);
  if (text.length <= MAX_RECORD_BYTES) return text;
  const { tags } = agent;
  const kept = Math.floor((tags.length * MAX_RECORD_BYTES) / text.length / 2);
  return toText({ ...agent, tags: tags.slice(0, kept) });
}
