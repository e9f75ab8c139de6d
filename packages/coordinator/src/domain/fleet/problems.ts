import type {
  FleetAgent,
  FleetProblem,
  FleetTag,
  Level,
  PastProblem,
  StoreStates,
} from '@leafcutter/shared/fleet-views';
import { type Seen, stateOf } from './fleet-view.ts';

/** If there are more problems than this, the rest is not listed. */
const MAX_TOLD = 50;
/** A window with less left than this should have been extended, in milliseconds. */
const WINDOW_SHORT_MS = 30_000;
/** A tag with less room than this many steps is nearly exhausted. */
const STEPS_LEFT = 20n;

/** Everything that is wrong now, worst first. */
export function problemsOf(
  seen: Seen,
  rows: { readonly tags: readonly FleetTag[]; readonly agents: readonly FleetAgent[] },
  stores: StoreStates,
): FleetProblem[] {
  const problems = [
    ...storeProblems(stores, rows.tags),
    ...silentProblems(seen),
    ...rows.agents.flatMap((agent) => (agent.state === 'alive' ? agentProblems(agent) : [])),
    ...rows.tags.flatMap(tagProblems),
    ...exhaustionProblems(seen),
  ];
  const weight = ({ level }: FleetProblem) => Number(level === 'critical');
  return problems.sort((a, b) => weight(b) - weight(a)).slice(0, MAX_TOLD);
}

/** The fleet in one line. */
export function healthOf(
  problems: readonly FleetProblem[],
  counts: { readonly tags: number; readonly agents: number },
): { level: Level; sentence: string } {
  const [worst] = problems;
  if (worst === undefined) {
    const what =
      counts.agents === 0
        ? 'No agent reports. Start one: leafcutter agent --coordinators <this address>'
        : `${plural(counts.agents, 'agent')} and ${plural(counts.tags, 'tag')}, all well.`;
    return { level: 'ok', sentence: what };
  }
  const more = problems.length > 1 ? ` And ${plural(problems.length - 1, 'more problem')}.` : '';
  return { level: worst.level, sentence: worst.sentence + more };
}

/** Present problems and recent ones, newest first. It remembers when each began and ended. */
export class ProblemLog {
  static readonly MAX = 100;
  #entries: PastProblem[] = [];

  update(now: readonly FleetProblem[], nowMs: number): void {
    const lasting = new Map(now.map((problem) => [problem.key, problem]));
    this.#entries = this.#entries.map((entry) => {
      if (entry.untilMs !== null) return entry;
      const problem = lasting.get(entry.key);
      lasting.delete(entry.key);
      return problem === undefined ? { ...entry, untilMs: nowMs } : { ...entry, ...problem };
    });
    const begun = [...lasting.values()].map((problem) => ({ ...problem, sinceMs: nowMs, untilMs: null }));
    // Problems that are over never push out those that last.
    const all = [...begun, ...this.#entries];
    const open = all.filter(({ untilMs }) => untilMs === null);
    const over = all.filter(({ untilMs }) => untilMs !== null);
    this.#entries = [...open, ...over].slice(0, ProblemLog.MAX);
  }

  get entries(): readonly PastProblem[] {
    return this.#entries;
  }
}

function storeProblems(stores: StoreStates, tags: readonly FleetTag[]): FleetProblem[] {
  const { store, redis, mayGoUnfenced, lostWrites, lateJobs, dependencies } = stores;
  const storeSays = wordsOf('store', dependencies);
  const redisSays = wordsOf('redis', dependencies);
  const problems: FleetProblem[] = [];
  if (store === 'down') {
    const first = tags.reduce<number | null>(
      (min, { runwaySeconds }) =>
        runwaySeconds === null ? min : Math.min(min ?? runwaySeconds, runwaySeconds),
      null,
    );
    const until = first === null ? '' : ` The first tag runs out in ${duration(first)}.`;
    problems.push({
      key: 'store',
      level: 'critical',
      sentence: `MySQL does not answer${storeSays}. Agents go on from memory.${until}`,
    });
  }
  if (redis === 'down') {
    problems.push({
      key: 'redis',
      level: mayGoUnfenced ? 'warning' : 'critical',
      sentence: mayGoUnfenced
        ? `Redis does not answer${redisSays}. IDs go on without the fence; what agents report cannot be shown. Do nothing to MySQL until it is back.`
        : `Redis does not answer${redisSays}, and ranges may not go unfenced: for too long, or because MySQL was away, restarted or exchanged since the last sweep that saw both. Nothing is granted until Redis is back; agents go on from memory.`,
    });
  }
  if (redis === 'read_only') {
    problems.push({
      key: 'redis',
      level: 'critical',
      sentence: mayGoUnfenced
        ? `Redis takes no writes${redisSays}: it is out of memory, read-only, or cannot save. IDs go on without the fence. Give it room, and do nothing to MySQL until then.`
        : `Redis takes no writes${redisSays}: it is out of memory, read-only, or cannot save. Nothing is granted until it does; agents go on from memory.`,
    });
  }
  const isCrowded = dependencies.some(({ name, state }) => name === 'store' && state === 'crowded');
  if (store === 'up' && isCrowded) {
    problems.push({
      key: 'store',
      level: 'warning',
      sentence: `MySQL gives fewer connections than mysql.connectionLimit${storeSays}. What needs one waits for those there are; raise the user's limit, or lower ours.`,
    });
  } else if (store === 'up' && storeSays !== '') {
    problems.push({
      key: 'store',
      level: 'critical',
      sentence: `MySQL refuses what allocations need${storeSays}. Agents go on from memory.`,
    });
  }
  if (lostWrites !== null) {
    problems.push({
      key: 'lost writes',
      level: 'warning',
      sentence: `MySQL lost writes of ${plural(lostWrites.counters, 'counter')}, last of ${lostWrites.latest}. No ID repeats: what was handed out is passed over and stands in the ledger as (lost). Do not wipe Redis now; find out why MySQL went back.`,
    });
  }
  for (const { job, everyMs, silentMs } of lateJobs) {
    problems.push({
      key: `job ${job}`,
      level: 'warning',
      sentence: `The background job ${job} has not run for ${duration(silentMs / 1_000)}, on any coordinator; it is due every ${duration(everyMs / 1_000)}. Is another job still running, Redis away, or a clock wrong?`,
    });
  }
  if (redis === 'refused') {
    problems.push({
      key: 'redis',
      level: 'critical',
      sentence: 'This coordinator refuses to grant: its Redis is not the one that MySQL names.',
    });
  }
  return problems;
}

/** What was last said against a dependency, to follow a word. */
function wordsOf(dependency: string, dependencies: StoreStates['dependencies']): string {
  const words = dependencies.find(({ name }) => name === dependency)?.words ?? null;
  return words === null ? '' : ` (${words})`;
}

function silentProblems(seen: Seen): FleetProblem[] {
  return seen.agents
    .filter((agent) => stateOf(agent, seen) === 'silent')
    .map(({ agentId, instanceId, seenAtMs, tagCount }) => ({
      key: `silent ${instanceId}`,
      level: 'warning',
      sentence: `Agent ${agentId} has been silent for ${duration((seen.nowMs - seenAtMs) / 1000)}. It held ${plural(tagCount, 'tag')}.`,
    }));
}

function agentProblems({ agentId, instanceId, clock, snowflake }: FleetAgent): FleetProblem[] {
  const problems: FleetProblem[] = [];
  if (clock.skewed) {
    const by = duration(Math.abs(clock.offsetMs ?? 0) / 1000);
    const where = (clock.offsetMs ?? 0) > 0 ? 'ahead of' : 'behind';
    problems.push({
      key: `clock ${instanceId}`,
      level: 'critical',
      sentence: `The clock of agent ${agentId} is ${by} ${where} the coordinators’. It gets no window until it is right.`,
    });
  }
  if (snowflake !== null && snowflake.lastError !== null) {
    const left = snowflake.windowRemainingMs;
    const what = left > 0 ? `its window lasts ${duration(left / 1000)} more` : 'it issues no snowflake IDs';
    problems.push({
      key: `lease ${instanceId}`,
      level: left < WINDOW_SHORT_MS ? 'critical' : 'warning',
      sentence: `Agent ${agentId} cannot renew its lease (${snowflake.lastError}); ${what}.`,
    });
  }
  return problems;
}

function tagProblems({ tag, lastError, waiting, runwaySeconds }: FleetTag): FleetProblem[] {
  if (lastError === null && waiting === 0) return [];
  const why = lastError === null ? '' : ` Refills fail with ${lastError}.`;
  const what =
    waiting > 0
      ? `${plural(waiting, 'caller')} wait for IDs of ${tag}.`
      : `${tag} cannot be refilled${runwaySeconds === null ? '' : `; it lasts ${duration(runwaySeconds)} more`}.`;
  return [
    {
      key: `tag ${tag}`,
      level: waiting > 0 && lastError !== null ? 'critical' : 'warning',
      sentence: what + why,
    },
  ];
}

function exhaustionProblems({ tags }: Seen): FleetProblem[] {
  return (tags ?? []).flatMap((view): FleetProblem[] => {
    if (view === null || view.state !== 'active') return [];
    const left = BigInt(view.highestId) + 1n - BigInt(view.nextId);
    if (left > STEPS_LEFT * BigInt(view.step)) return [];
    return [
      {
        key: `exhaustion ${view.tag}`,
        level: left <= 0n ? 'critical' : 'warning',
        sentence:
          left <= 0n
            ? `${view.tag} has handed out its highest ID.`
            : `${view.tag} has only ${left} IDs left up to its highest.`,
      },
    ];
  });
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
