import { dateToken, templateOf } from '@leafcutter/shared/dated';
import type { AgentLive, AgentState, FleetAgent, FleetTag, TagLive } from '@leafcutter/shared/fleet-views';
import type { TagView } from '@leafcutter/shared/wire';
import { maxBigint } from '../allocation/range.ts';
import type { Refusal } from './board.ts';
import { type AgentRecord, GRACE_MS, type TagSum } from './roster.ts';

/** Most rows of a list that one event carries; the counts beside it tell how many more there are. */
const MAX_ROWS = 1_000;

export interface Seen {
  /** Those in trouble, who runs out first, and the first ones by id: not all that there are. */
  readonly agents: readonly AgentRecord[];
  /** Of each tag, over all agents that are alive. */
  readonly sums: ReadonlyMap<string, TagSum>;
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

/** What is needed to tell how an agent does. */
type Times = Pick<Seen, 'rosterAnswers' | 'rosterSinceMs' | 'rosterReadAtMs'>;

/** How an agent did when the roster was read. What came later, as while a store was waited for, nobody knows yet. */
export function stateOf(agent: AgentRecord, seen: Times): AgentState {
  const { rosterAnswers, rosterSinceMs, rosterReadAtMs } = seen;
  if (!rosterAnswers) return 'unknown';
  const dueMs = agent.nextReportMs + GRACE_MS;
  if (rosterReadAtMs - agent.seenAtMs <= dueMs) return 'alive';
  // While the roster was away nobody could enter a report, and it comes no sooner than the agent was told.
  const wasAway = agent.seenAtMs < rosterSinceMs;
  return wasAway && rosterReadAtMs - rosterSinceMs <= Math.max(dueMs, UNHEARD_MS) ? 'unknown' : 'silent';
}

/** What the agents that were alive when the roster last answered reported, whatever became of them. */
function lastKnownAlive(seen: Seen): AgentRecord[] {
  const then: Seen = { ...seen, rosterAnswers: true };
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

/**
 * How long after the roster came back silence may only mean that an agent had no time to report, in milliseconds.
 */
export const UNHEARD_MS = REPORTS_WITHIN_MS + GRACE_MS;

/** Rows of tags: those that run out first, or have callers waiting, come first. */
export function tagRows(seen: Seen): FleetTag[] {
  const rows = new Map<string, FleetTag>();
  const row = (tag: string) => rows.get(tag) ?? unseen(tag, seen);
  for (const view of seen.tags ?? [])
    rows.set(view.tag, { ...unseen(view.tag, seen), ...storedOf(view, seen) });
  if (seen.rosterAnswers)
    for (const sum of seen.sums.values()) rows.set(sum.tag, withSum(row(sum.tag), sum, seen));
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
export function rateOf({ rosterAnswers, sums }: Seen): number | null {
  if (!rosterAnswers) return null;
  return [...sums.values()].reduce((all, { ratePerSecond }) => all + ratePerSecond, 0);
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

function withSum(row: FleetTag, sum: TagSum, { nowMs }: Seen): FleetTag {
  const { agents, ratePerSecond, waiting, lastError, first } = sum;
  const runwaySeconds = first === null ? null : Math.max(0, first.atMs - nowMs) / 1_000;
  return { ...row, agents, ratePerSecond, runwaySeconds, waiting, lastError };
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

export function agentRow(agent: AgentRecord, seen: Times): FleetAgent {
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
}

/** Rows of agents: silent ones first, then by name. */
export function agentRows(seen: Seen): FleetAgent[] {
  const rows = seen.agents.map((agent) => agentRow(agent, seen));
  const order = (a: FleetAgent, b: FleetAgent) =>
    Number(b.state === 'silent') - Number(a.state === 'silent') ||
    a.agentId.localeCompare(b.agentId, 'en', { numeric: true }) ||
    (a.instanceId < b.instanceId ? -1 : 1);
  return rows.sort(order).slice(0, MAX_ROWS);
}

/** Whether tags are this one or, if it is a template, of its days. */
export function ofTag(tag: string): (name: string) => boolean {
  const isTemplate = dateToken(tag) !== undefined;
  return (name) => name === tag || (isTemplate && templateOf(name)?.template === tag);
}

/** What the agents hold of one tag or, if it is a template, of its days. */
export function holdersOf(tag: string, agents: readonly AgentRecord[], seen: Times): TagLive['holders'] {
  const isOfTag = ofTag(tag);
  const holders = agents.flatMap((agent) => {
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

/** Processes that use one agent's name. */
export function instancesOf(agents: readonly AgentRecord[], seen: Times): AgentLive['instances'] {
  return agents
    .toSorted((a, b) => b.seenAtMs - a.seenAtMs)
    .map((agent) => {
      const { seenAtMs, tagCount, nextReportMs: _, revision: __, ...status } = agent;
      return { state: stateOf(agent, seen), seenAtMs, tagCount, status };
    });
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
