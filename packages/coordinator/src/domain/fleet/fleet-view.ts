import type { AgentState, FleetAgent, FleetTag, TagLive } from '@leafcutter/shared/fleet-views';
import { maxBigint } from '../allocation/range.ts';
import type { AgentRecord } from './roster.ts';

/** Network and scheduling may delay a report by this much before its agent counts as silent, in milliseconds. */
const GRACE_MS = 3_000;
/** Most rows of a list that one event carries; the counts beside it tell how many more there are. */
const MAX_ROWS = 1_000;

export interface Seen {
  readonly agents: readonly AgentRecord[];
  /** Undefined if the store does not say. */
  readonly tags: readonly TagLive['view'][] | undefined;
  /** False while nobody can know whether agents report. */
  readonly rosterAnswers: boolean;
  readonly nowMs: number;
}

export function stateOf(agent: AgentRecord, { rosterAnswers, nowMs }: Seen): AgentState {
  if (!rosterAnswers) return 'unknown';
  return nowMs - agent.seenAtMs > agent.nextReportMs + GRACE_MS ? 'silent' : 'alive';
}

/** Rows of tags: those that run out first, or have callers waiting, come first. */
export function tagRows(seen: Seen): FleetTag[] {
  const rows = new Map<string, FleetTag>();
  for (const view of seen.tags ?? []) {
    if (view === null) continue;
    const left = maxBigint(0n, BigInt(view.highestId) + 1n - BigInt(view.nextId));
    rows.set(view.tag, { ...unseen(view.tag), state: view.state, idsLeft: String(left) });
  }
  for (const agent of seen.agents) {
    if (stateOf(agent, seen) === 'silent') continue;
    for (const { tag, ratePerSecond, runwaySeconds, waiting, lastError } of agent.tags) {
      const row = rows.get(tag) ?? unseen(tag);
      rows.set(tag, {
        ...row,
        agents: row.agents + 1,
        ratePerSecond: row.ratePerSecond + ratePerSecond,
        runwaySeconds: shorter(row.runwaySeconds, runwaySeconds),
        waiting: row.waiting + waiting,
        lastError: row.lastError ?? lastError,
      });
    }
  }
  const order = (a: FleetTag, b: FleetTag) =>
    b.waiting - a.waiting ||
    Number(b.lastError !== null) - Number(a.lastError !== null) ||
    b.ratePerSecond - a.ratePerSecond ||
    (a.tag < b.tag ? -1 : 1);
  return [...rows.values()].sort(order).slice(0, MAX_ROWS);
}

/** Rows of agents: silent ones first, then by name. */
export function agentRows(seen: Seen): FleetAgent[] {
  const rows = seen.agents.map((agent): FleetAgent => {
    const { agentId, instanceId, version, seenAtMs, tagCount, clock, snowflake } = agent;
    return {
      agentId,
      instanceId,
      version,
      seenAtMs,
      tagCount,
      clock,
      state: stateOf(agent, seen),
      ratePerSecond: agent.tags.reduce((sum, tag) => sum + tag.ratePerSecond, 0),
      runwaySeconds: agent.tags.reduce<number | null>((min, tag) => shorter(min, tag.runwaySeconds), null),
      snowflake: snowflake && {
        state: snowflake.state,
        machineId: snowflake.machineId,
        window: snowflake.window,
        windowRemainingMs: snowflake.windowRemainingMs,
        lastError: snowflake.lastError,
      },
    };
  });
  const order = (a: FleetAgent, b: FleetAgent) =>
    Number(b.state === 'silent') - Number(a.state === 'silent') ||
    a.agentId.localeCompare(b.agentId, 'en', { numeric: true }) ||
    (a.instanceId < b.instanceId ? -1 : 1);
  return rows.sort(order).slice(0, MAX_ROWS);
}

/** Every agent's buffer of one tag. */
export function holdersOf(tag: string, seen: Seen): TagLive['holders'] {
  const holders = seen.agents.flatMap((agent) => {
    const buffer = agent.tags.find((candidate) => candidate.tag === tag);
    if (buffer === undefined) return [];
    return [{ agentId: agent.agentId, instanceId: agent.instanceId, state: stateOf(agent, seen), buffer }];
  });
  return holders
    .sort((a, b) => a.agentId.localeCompare(b.agentId, 'en', { numeric: true }))
    .slice(0, MAX_ROWS);
}

function unseen(tag: string): FleetTag {
  return {
    tag,
    state: 'unknown',
    agents: 0,
    ratePerSecond: 0,
    runwaySeconds: null,
    idsLeft: null,
    waiting: 0,
    lastError: null,
  };
}

function shorter(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
