import type { AgentStatus } from '@leafcutter/shared/wire';
import type { Holder } from '../allocation/range.ts';

/** An agent process as the coordinators last saw it. */
export interface AgentRecord extends AgentStatus {
  /** How many tags it has in memory; `tags` shows the most important of them. */
  readonly tagCount: number;
  /** When its next report is due at the latest, milliseconds after this one. */
  readonly nextReportMs: number;
  /** When the coordinator got the report, by its own clock (no store's clock is asked), unix milliseconds. */
  readonly seenAtMs: number;
  /** Which of its process's reports this is; 0 if it does not count them. */
  readonly revision: number;
}

/** What an agent says: all that it holds, or what changed since an earlier report. */
export interface AgentReport extends AgentRecord {
  /** `tags` are those that changed since the report of `since`, and `without` are shown no longer. */
  readonly changes?: { readonly since: number; readonly without: readonly string[] } | undefined;
}

/**
 * - entered: the roster has it.
 * - full: there was no room, and nothing was entered.
 * - unknown: it tells what changed since a report that the roster does not have; nothing was entered.
 */
export type Entering = 'entered' | 'full' | 'unknown';

/** One tag, over all agents that are not silent. */
export interface TagSum {
  readonly tag: string;
  readonly agents: number;
  readonly ratePerSecond: number;
  readonly waiting: number;
  /** Code of a failed refill of one of them; null if there is none. */
  readonly lastError: string | null;
  /**
   * Who runs out first, and when by its last report, unix milliseconds. Null if nobody draws. After that agent got new
   * IDs it may be another one, until that one reports.
   */
  readonly first: { readonly instanceId: string; readonly atMs: number } | null;
}

/** A part of the roster, by agent id and instance id; numbers in ids are ordered as numbers. */
export interface AgentQuery {
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly most: number;
  /** Only agents with this in their id, in upper or lower case. */
  readonly search?: string | undefined;
  /** Only agents that hold this tag or, if it is a template, perhaps tags of its days. */
  readonly tag?: string | undefined;
}

export interface AgentPage {
  readonly agents: readonly AgentRecord[];
  /**
   * Null if nothing follows. A page may be short although something does: it looks at `MAX_LOOKED_AT` agents and no
   * more, or at `MAX_SEARCHED` ids.
   */
  readonly next: string | null;
}

export interface AgentCounts {
  readonly alive: number;
  readonly silent: number;
  /** Silent, and last seen before the moment asked for. */
  readonly unheard: number;
}

/** `followed`: it is not alive, but another process of the same agent is. */
export type HolderState = 'alive' | 'silent' | 'followed';

/** Network and scheduling may delay a report by this much before its agent counts as silent, in milliseconds. */
export const GRACE_MS = 3_000;

/** How many agents one page looks at, and of how many it compares the ids with what is searched. */
export const MAX_LOOKED_AT = 1_000;
export const MAX_SEARCHED = 10_000;

/** How many agents one call reads, enters or takes off at most, so that no call occupies anybody for long. */
export const PAGE = 100;

/** How many agents `inTrouble` tells of, of each kind. */
export const MAX_TROUBLED = 50;

/** Most bytes of one agent's record. Of its tags, as many are kept as fit. */
export const MAX_RECORD_BYTES = 32_768;

/** Roughly what an entry takes besides its record, and the sum of a tag besides its name, in bytes. */
export const ENTRY_BYTES = 400;
export const TAG_BYTES = 200;

/**
 * The agents that reported lately, for metrics and the console, and sums over them. Nothing depends on it. Agents may
 * report anything, so the roster has a bound in bytes. Nothing reads all of it: sums are kept up as reports come, and
 * agents are read by the page.
 *
 * An agent is alive from its report on, silent once `settle` found its next report overdue, and gone when it was taken
 * off or reaped. A silent process of an agent that has another one alive was restarted: it is gone, too.
 *
 * Every method @throws STORE_UNAVAILABLE
 */
export interface Roster {
  /** Enters what agents say, at most `PAGE` of them; resolves to what became of each. */
  report(reports: readonly AgentReport[]): Promise<Entering[]>;
  remove(instanceId: string): Promise<void>;
  /** Takes those whose next report is overdue at this moment out of the sums, some hundreds at a time. */
  settle(nowMs: number): Promise<void>;
  /** Removes silent agents that were last seen before this moment; resolves to how many agents stay. */
  reap(seenBeforeMs: number): Promise<number>;
  /** How many there are; of the silent ones, how many were seen since this moment and how many before. */
  counts(sinceMs: number): Promise<AgentCounts>;
  /** Some tags after the other, each tag once, unless it changes meanwhile. */
  sums(): AsyncIterable<readonly TagSum[]>;
  page(query: AgentQuery): Promise<AgentPage>;
  /** Those of the agents, at most `PAGE`, that the roster has. */
  read(instanceIds: readonly string[]): Promise<AgentRecord[]>;
  /** The silent ones, longest first, and those alive whose clock or lease is in trouble; `MAX_TROUBLED` of each. */
  inTrouble(): Promise<AgentRecord[]>;
  /** The processes of one agent, `PAGE` at most. */
  processes(agentId: string): Promise<AgentRecord[]>;
  /** How each of the holders, at most `PAGE`, does. */
  statesOf(holders: readonly Holder[]): Promise<HolderState[]>;
  /** Says that somebody looks at the agents for the next `forMs`, so that they report more often. */
  watch(forMs: number): Promise<void>;
  /** Whether somebody looks at the agents, through any coordinator. */
  isWatched(): Promise<boolean>;
}

/** Whether an operator should know of the agent although it reports. */
export function isInTrouble({ clock, snowflake }: AgentRecord): boolean {
  return clock.skewed || (snowflake !== null && snowflake.lastError !== null);
}
