import { dateToken, templateOf } from '@leafcutter/shared/dated';
import type { AgentLive, AgentState, FleetAgent, FleetTag, TagLive } from '@leafcutter/shared/fleet-views';
import type { BufferView, TagView } from '@leafcutter/shared/wire';
import { maxBigint } from '../allocation/range.ts';
import type { Refusal } from './board.ts';
import type { AgentRecord } from './roster.ts';

/** Network and scheduling may delay a report by this much before its agent counts as silent, in milliseconds. */
const GRACE_MS = 3_000;
/** Most rows of a list that one event carries; the counts beside it tell how many more there are. */
const MAX_ROWS = 1_000;

export interface Seen {
  /** Without instances that another one of the same agent followed. */
  readonly agents: readonly AgentRecord[];
  /** As they were last read; undefined if they never were. */
  readonly tags: readonly TagView[] | undefined;
  /** False if the store does not answer now: `tags` may be of before. */
  readonly storeAnswers: boolean;
  /** Of all coordinators. */
  readonly refusals: readonly Refusal[];
  /** False while nobody can know whether agents report. */
  readonly rosterAnswers: boolean;
  /** When the roster last answered, and since when it has done so without a break, by the same clock as `nowMs`. */
  readonly rosterReadAtMs: number;
  readonly rosterSinceMs: number;
  readonly nowMs: number;
}

/** An agent that was not told otherwise reports within this time, in milliseconds. */
const REPORTS_WITHIN_MS = 15_000;

export function stateOf(agent: AgentRecord, seen: Seen): AgentState {
  const { rosterAnswers, rosterSinceMs, nowMs } = seen;
  if (!rosterAnswers) return 'unknown';
  const dueMs = agent.nextReportMs + GRACE_MS;
  if (nowMs - agent.seenAtMs <= dueMs) return 'alive';
  // While the roster was away nobody could enter a report, and it comes no sooner than the agent was told.
  const wasAway = agent.seenAtMs < rosterSinceMs;
  return wasAway && nowMs - rosterSinceMs <= Math.max(dueMs, REPORTS_WITHIN_MS + GRACE_MS)
    ? 'unknown'
    : 'silent';
}

/** What the agents that were alive when the roster last answered reported, whatever became of them. */
function lastKnownAlive(seen: Seen): AgentRecord[] {
  const then: Seen = { ...seen, rosterAnswers: true, nowMs: seen.rosterReadAtMs };
  return seen.agents.filter((agent) => stateOf(agent, then) === 'alive');
}

/** The IDs that run out first if no tag can be refilled, by the last report of each agent that was alive. */
export function firstToRunOut(
  seen: Seen,
):
  | { readonly agentId: string; readonly tag: string; readonly runwaySeconds: number; readonly ageMs: number }
  | undefined {
  const forecasts = lastKnownAlive(seen).flatMap(({ agentId, seenAtMs, tags }) =>
    tags.flatMap(({ tag, runwaySeconds }) =>
      runwaySeconds === null ? [] : [{ agentId, tag, runwaySeconds, ageMs: seen.nowMs - seenAtMs }],
    ),
  );
  return forecasts.reduce<(typeof forecasts)[number] | undefined>(
    (first, other) => (first !== undefined && endOf(first) <= endOf(other) ? first : other),
    undefined,
  );
}

function endOf({ runwaySeconds, ageMs }: { readonly runwaySeconds: number; readonly ageMs: number }): number {
  return runwaySeconds * 1_000 - ageMs;
}

/** Drops the instances that a later one of the same agent followed: the agent was restarted and is not missed. */
export function withoutSuperseded(agents: readonly AgentRecord[], seen: Omit<Seen, 'agents'>): AgentRecord[] {
  const latest = new Map<string, number>();
  for (const { agentId, seenAtMs } of agents)
    latest.set(agentId, Math.max(seenAtMs, latest.get(agentId) ?? Number.NEGATIVE_INFINITY));
  return agents.filter(
    (agent) =>
      agent.seenAtMs === latest.get(agent.agentId) || stateOf(agent, { ...seen, agents }) === 'alive',
  );
}

/** Rows of tags: those that run out first, or have callers waiting, come first. */
export function tagRows(seen: Seen): FleetTag[] {
  const rows = new Map<string, FleetTag>();
  const row = (tag: string) => rows.get(tag) ?? unseen(tag, seen);
  for (const view of seen.tags ?? [])
    rows.set(view.tag, { ...unseen(view.tag, seen), ...storedOf(view, seen) });
  for (const agent of seen.agents) {
    if (stateOf(agent, seen) !== 'alive') continue;
    for (const buffer of agent.tags) rows.set(buffer.tag, withHolder(row(buffer.tag), buffer));
  }
  for (const { tag, code } of seen.refusals)
    if (rows.has(tag)) rows.set(tag, { ...row(tag), lastError: row(tag).lastError ?? code });
  for (const day of [...rows.values()]) {
    const template = rows.get(templateOf(day.tag)?.template ?? '');
    if (template !== undefined && template.days !== null) rows.set(template.tag, withDay(template, day));
  }
  const order = (a: FleetTag, b: FleetTag) =>
    b.waiting - a.waiting ||
    Number(b.lastError !== null) - Number(a.lastError !== null) ||
    (b.ratePerSecond ?? 0) - (a.ratePerSecond ?? 0) ||
    (a.tag < b.tag ? -1 : 1);
  return [...rows.values()].sort(order).slice(0, MAX_ROWS);
}

/** IDs per second of all agents that are alive; null while no report can be read. */
export function rateOf(seen: Seen): number | null {
  if (!seen.rosterAnswers) return null;
  const alive = seen.agents.filter((agent) => stateOf(agent, seen) === 'alive');
  return alive.reduce((sum, agent) => sum + agentRate(agent), 0);
}

function agentRate({ tags }: AgentRecord): number {
  return tags.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
}

/** What the store says of a tag; of one that does not answer, only that there was such a tag. */
function storedOf(view: TagView, { storeAnswers }: Seen): Pick<FleetTag, 'state' | 'idsLeft' | 'days'> {
  const days = view.shape !== null && dateToken(view.tag) !== undefined ? 0 : null;
  if (!storeAnswers) return { state: 'unknown', idsLeft: null, days };
  return { state: view.state, idsLeft: String(idsLeft(view)), days };
}

export function idsLeft({ highestId, nextId }: TagView): bigint {
  return maxBigint(0n, BigInt(highestId) + 1n - BigInt(nextId));
}

function withHolder(row: FleetTag, buffer: BufferView): FleetTag {
  return {
    ...row,
    agents: (row.agents ?? 0) + 1,
    ratePerSecond: (row.ratePerSecond ?? 0) + buffer.ratePerSecond,
    runwaySeconds: shorter(row.runwaySeconds, buffer.runwaySeconds),
    waiting: row.waiting + buffer.waiting,
    lastError: row.lastError ?? buffer.lastError,
  };
}

/** A template hands out nothing itself: what its days do is what it does. */
function withDay(template: FleetTag, day: FleetTag): FleetTag {
  return {
    ...template,
    days: (template.days ?? 0) + 1,
    agents: template.agents === null ? null : Math.max(template.agents, day.agents ?? 0),
    ratePerSecond: template.ratePerSecond === null ? null : template.ratePerSecond + (day.ratePerSecond ?? 0),
    runwaySeconds: shorter(template.runwaySeconds, day.runwaySeconds),
  };
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
      ratePerSecond: agentRate(agent),
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

/** Every agent's buffer of one tag or, if it is a template, of its days. */
export function holdersOf(tag: string, seen: Seen): TagLive['holders'] {
  const isTemplate = dateToken(tag) !== undefined;
  const isOfTag = (name: string) => name === tag || (isTemplate && templateOf(name)?.template === tag);
  const holders = seen.agents.flatMap((agent) => {
    const { agentId, instanceId, seenAtMs } = agent;
    const state = stateOf(agent, seen);
    return agent.tags
      .filter((buffer) => isOfTag(buffer.tag))
      .map((buffer) => ({ agentId, instanceId, state, seenAtMs, buffer }));
  });
  return holders
    .sort((a, b) => a.agentId.localeCompare(b.agentId, 'en', { numeric: true }))
    .slice(0, MAX_ROWS);
}

/** Every process that uses the agent's name. */
export function instancesOf(agentId: string, seen: Seen): AgentLive['instances'] {
  return seen.agents
    .filter((agent) => agent.agentId === agentId)
    .sort((a, b) => b.seenAtMs - a.seenAtMs)
    .slice(0, MAX_ROWS)
    .map(({ seenAtMs, tagCount, nextReportMs, ...status }) => ({
      state: stateOf({ ...status, seenAtMs, tagCount, nextReportMs }, seen),
      seenAtMs,
      tagCount,
      status,
    }));
}

function unseen(tag: string, { rosterAnswers }: Seen): FleetTag {
  return {
    tag,
    state: 'unknown',
    days: null,
    agents: rosterAnswers ? 0 : null,
    ratePerSecond: rosterAnswers ? 0 : null,
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
