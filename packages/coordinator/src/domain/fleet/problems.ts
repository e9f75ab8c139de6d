import type {
  FleetAgent,
  FleetProblem,
  FleetTag,
  FleetView,
  Level,
  PastProblem,
  StoreStates,
} from '@leafcutter/shared/fleet-views';
import { firstToRunOut, idsLeft, type Seen, stateOf } from './fleet-view.ts';
import type { AgentRecord } from './roster.ts';

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
    ...storeProblems(stores, seen),
    ...resourceProblems(stores),
    ...silentProblems(seen),
    ...refusalProblems(seen),
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
  { tags, agents, alive, unknown }: FleetView['counts'],
): { level: Level; sentence: string } {
  const [worst] = problems;
  if (worst === undefined) {
    if (agents === 0)
      return {
        level: 'ok',
        sentence: 'No agent has reported. Start one: leafcutter agent --coordinators <this address>',
      };
    const what =
      tags === null ? plural(alive, 'agent') : `${plural(alive, 'agent')} and ${plural(tags, 'tag')}`;
    if (unknown === 0) return { level: 'ok', sentence: `${what}, all well.` };
    return { level: 'ok', sentence: `${what} are well; ${plural(unknown, 'agent')} may yet report.` };
  }
  const more = problems.length > 1 ? ` And ${plural(problems.length - 1, 'more problem')}.` : '';
  return { level: worst.level, sentence: worst.sentence + more };
}

/** What problems with these keys were read from. */
const FROM_REPORT = /^(?:silent|clock|lease) (.+)$/;
const FROM_REPORTS = /^(?:tag|refused) /;
const FROM_STORE = /^exhaustion /;

/**
 * What became of a problem that is not among those of now: it is over, nobody can tell, or nobody ever will, because
 * the agent is no longer listed.
 */
export type Fate = 'over' | 'unknown' | 'unlisted';

export function fateOf({ key, about }: FleetProblem, seen: Seen): Fate {
  if (FROM_STORE.test(key)) return seen.storeAnswers ? 'over' : 'unknown';
  const stateNow = (agent: AgentRecord) => stateOf(agent, seen);
  const instanceId = FROM_REPORT.exec(key)?.[1];
  if (instanceId === undefined && !FROM_REPORTS.test(key)) return 'over';
  if (!seen.rosterAnswers) return 'unknown';
  if (instanceId === undefined)
    return seen.agents.some((agent) => stateNow(agent) === 'unknown') ? 'unknown' : 'over';
  const own = seen.agents.find((agent) => agent.instanceId === instanceId);
  if (own !== undefined) return stateNow(own) === 'unknown' ? 'unknown' : 'over';
  const isFollowed = seen.agents.some(
    (agent) =>
      about !== null && 'agentId' in about && agent.agentId === about.agentId && stateNow(agent) === 'alive',
  );
  return isFollowed ? 'over' : 'unlisted';
}

/** Present problems and recent ones, newest first. It remembers when each began and ended. */
export class ProblemLog {
  static readonly MAX = 100;
  #entries: PastProblem[] = [];

  /** `fate`: what became of a problem that is not among those of now. */
  update(now: readonly FleetProblem[], nowMs: number, fate: (problem: FleetProblem) => Fate): void {
    const lasting = new Map(now.map((problem) => [problem.key, problem]));
    this.#entries = this.#entries.map((entry) => {
      if (entry.untilMs !== null) return entry;
      const problem = lasting.get(entry.key);
      lasting.delete(entry.key);
      if (problem !== undefined) return { ...entry, ...problem, unknownSinceMs: null };
      const unknownSinceMs = entry.unknownSinceMs ?? nowMs;
      switch (fate(entry)) {
        case 'unknown':
          return { ...entry, unknownSinceMs };
        case 'unlisted':
          return { ...entry, untilMs: nowMs, unknownSinceMs };
        default:
          return { ...entry, untilMs: nowMs, unknownSinceMs: null };
      }
    });
    const begun = [...lasting.values()].map((problem) => ({
      ...problem,
      sinceMs: nowMs,
      untilMs: null,
      unknownSinceMs: null,
    }));
    // Problems that are over never push out those that last.
    const all = [...begun, ...this.#entries];
    const open = all.filter(({ untilMs }) => untilMs === null);
    const over = all.filter(({ untilMs }) => untilMs !== null);
    this.#entries = [...open, ...over].slice(0, ProblemLog.MAX);
  }

  /** The agents that problems which last are about. */
  get agentIds(): ReadonlySet<string> {
    const open = this.#entries.filter(({ untilMs }) => untilMs === null);
    return new Set(
      open.flatMap(({ about }) => (about !== null && 'agentId' in about ? [about.agentId] : [])),
    );
  }

  get entries(): readonly PastProblem[] {
    return this.#entries;
  }
}

function storeProblems(stores: StoreStates, seen: Seen): FleetProblem[] {
  const { lostWrites, lateJobs } = stores;
  const problems = [...databaseProblems(stores, seen), ...redisProblems(stores, seen)];
  if (!seen.rosterAnswers && stores.redis !== 'down') {
    problems.push({
      key: 'reports',
      level: 'warning',
      sentence: 'Agents’ reports cannot be read now, so their state is unknown. This does not affect IDs.',
      about: null,
    });
  }
  if (lostWrites !== null) {
    problems.push({
      key: 'lost writes',
      level: 'warning',
      sentence: `MySQL lost writes of ${plural(lostWrites.counters, 'counter')}, most recently of ${lostWrites.latest}. No ID repeats: what was handed out is skipped and is in the ledger as (lost). Do not wipe Redis now; find out why MySQL went back.`,
      about: null,
    });
  }
  for (const { job, everyMs, silentMs } of lateJobs) {
    problems.push({
      key: `job ${job}`,
      level: 'warning',
      sentence: `The background job ${job} has not run for ${duration(silentMs / 1_000)}, on any coordinator; it is due every ${duration(everyMs / 1_000)}. Is another job still running, is Redis down, or is a clock wrong?`,
      about: null,
    });
  }
  return problems;
}

function databaseProblems({ store, redis, dependencies }: StoreStates, seen: Seen): FleetProblem[] {
  const says = wordsOf('store', dependencies);
  const database = redis === 'none' ? 'The embedded database' : 'MySQL';
  const problem = (level: FleetProblem['level'], sentence: string): FleetProblem[] => [
    { key: 'store', level, sentence, about: null },
  ];
  if (store === 'down')
    return problem(
      'critical',
      `${database} does not answer${says}. Agents go on from memory.${forecast(seen)}`,
    );
  if (says === '') return [];
  switch (dependencies.find(({ name }) => name === 'store')?.state) {
    case 'crowded':
      return problem(
        'warning',
        `MySQL accepts fewer connections than mysql.connectionLimit${says}, so requests wait for the existing ones. Raise the user's limit, or lower ours.`,
      );
    case 'slow':
      return problem(
        'critical',
        `${database} is too slow to grant in time${says}. Agents go on from memory.${forecast(seen)}`,
      );
    default:
      return problem(
        'critical',
        `${database} refuses statements that allocations need${says}. Agents go on from memory.`,
      );
  }
}

function redisProblems(
  { store, redis, mayGoUnfenced, dependencies }: StoreStates,
  seen: Seen,
): FleetProblem[] {
  const says = wordsOf('redis', dependencies);
  const problem = (level: FleetProblem['level'], sentence: string): FleetProblem[] => [
    { key: 'redis', level, sentence, about: null },
  ];
  // If the database is away, too, its problem has the forecast, and nothing can be granted, fenced or not.
  const until = store === 'down' ? '' : forecast(seen);
  switch (redis) {
    case 'down':
      if (store === 'down')
        return problem('critical', `Redis does not answer${says}. Agents’ reports cannot be shown.`);
      return mayGoUnfenced
        ? problem(
            'warning',
            `Redis does not answer${says}. IDs go on without the fence, but agents’ reports cannot be shown. Do nothing to MySQL until Redis is back.`,
          )
        : problem(
            'critical',
            `Redis does not answer${says}, and ranges may not be granted unfenced: it lasted too long, or MySQL was down, restarted or replaced since the last sweep that saw both. Nothing is granted until Redis is back; agents go on from memory.${until}`,
          );
    case 'read_only':
      return problem(
        'critical',
        mayGoUnfenced
          ? `Redis accepts no writes${says}: it is out of memory, read-only, or cannot save. IDs go on without the fence. Give it more room, and do nothing to MySQL until then.`
          : `Redis accepts no writes${says}: it is out of memory, read-only, or cannot save. Nothing is granted until it does; agents go on from memory.${until}`,
      );
    case 'refused':
      return problem(
        'critical',
        'This coordinator grants nothing: its Redis is not the one that MySQL names.',
      );
    default:
      return [];
  }
}

/** Which IDs run out first while nothing is granted: whose they are, and how old the report is that says so. */
function forecast(seen: Seen): string {
  const first = firstToRunOut(seen);
  if (first === undefined) return '';
  const { agentId, tag, runwaySeconds, ageMs } = first;
  const when = ageMs < 2_000 ? 'just now' : `${duration(ageMs / 1_000)} ago`;
  return ` The first to run out is ${tag} on agent ${agentId}: it had IDs for ${duration(runwaySeconds)} when it reported ${when}.`;
}

/** What was last said against a dependency, to follow a word. */
function wordsOf(dependency: string, dependencies: StoreStates['dependencies']): string {
  const words = dependencies.find(({ name }) => name === dependency)?.words ?? null;
  return words === null ? '' : ` (${words})`;
}

function resourceProblems({ dependencies }: StoreStates): FleetProblem[] {
  const isScarce = (name: string) => dependencies.some((each) => each.name === name && !each.ok);
  const problems: FleetProblem[] = [];
  if (isScarce('files'))
    problems.push({
      key: 'files',
      level: 'critical',
      sentence: `This coordinator has reached its limit of open files${wordsOf('files', dependencies)}: new connections are cut, and it cannot reconnect to a store. Close connections, or raise the limit (ulimit -n, LimitNOFILE).`,
      about: null,
    });
  if (isScarce('memory'))
    problems.push({
      key: 'memory',
      level: 'warning',
      sentence: `This coordinator is nearly out of memory${wordsOf('memory', dependencies)}. If it needs more, it will be killed without warning. Give it more memory.`,
      about: null,
    });
  return problems;
}

function silentProblems(seen: Seen): FleetProblem[] {
  return seen.agents
    .filter((agent) => stateOf(agent, seen) === 'silent')
    .map(({ agentId, instanceId, seenAtMs, tagCount }) => ({
      key: `silent ${instanceId}`,
      level: 'warning',
      sentence: `Agent ${agentId} has been silent for ${duration((seen.nowMs - seenAtMs) / 1000)}. It held ${plural(tagCount, 'tag')}.`,
      about: { agentId },
    }));
}

/** What coordinators refuse, and go on refusing until somebody changes something. */
function refusalProblems({ refusals, nowMs }: Seen): FleetProblem[] {
  return refusals.map(({ tag, agentId, code, atMs }) => ({
    key: `refused ${tag}`,
    level: 'critical',
    sentence: `Agent ${agentId} was refused IDs of ${tag} ${duration((nowMs - atMs) / 1_000)} ago (${code}): ${REFUSED_FOR[code] ?? 'its log says why'}.`,
    about: { tag },
  }));
}

const REFUSED_FOR: Readonly<Record<string, string>> = {
  LAYOUT_MISMATCH:
    'the tag is opaque, and the agent and the coordinators have no key in common; see opaqueKeys',
  BAD_REQUEST: 'the tag of the day was not created for its template',
  VERSION_UNSUPPORTED: 'the agent cannot write the tag’s shape; upgrade it',
  CLOCK_SKEWED: 'it asked for a day that is not today by the database’s clock; correct its clock',
};

function agentProblems({ agentId, instanceId, clock, snowflake }: FleetAgent): FleetProblem[] {
  const problems: FleetProblem[] = [];
  if (clock.skewed) {
    const by = duration(Math.abs(clock.offsetMs ?? 0) / 1000);
    const where = (clock.offsetMs ?? 0) > 0 ? 'ahead of' : 'behind';
    problems.push({
      key: `clock ${instanceId}`,
      level: 'critical',
      sentence: `The clock of agent ${agentId} is ${by} ${where} the coordinators’. It gets no window until it is right.`,
      about: { agentId },
    });
  }
  if (snowflake !== null && snowflake.lastError !== null) {
    const left = snowflake.windowRemainingMs;
    const what = left > 0 ? `its window lasts ${duration(left / 1000)} more` : 'it issues no snowflake IDs';
    problems.push({
      key: `lease ${instanceId}`,
      level: left < WINDOW_SHORT_MS ? 'critical' : 'warning',
      sentence: `Agent ${agentId} cannot renew its lease (${snowflake.lastError}); ${what}.`,
      about: { agentId },
    });
  }
  return problems;
}

/** Refills that fail, and callers that wait. What coordinators refuse has a problem of its own. */
function tagProblems({ tag, lastError, waiting, runwaySeconds }: FleetTag): FleetProblem[] {
  if (waiting === 0 && (lastError === null || Object.hasOwn(REFUSED_FOR, lastError))) return [];
  const why = lastError === null ? '' : ` Refills fail with ${lastError}.`;
  const what =
    waiting > 0
      ? `${plural(waiting, 'caller')} ${waiting === 1 ? 'waits' : 'wait'} for IDs of ${tag}.`
      : `${tag} cannot be refilled${runwaySeconds === null ? '' : `; its IDs last ${duration(runwaySeconds)} more`}.`;
  return [
    {
      key: `tag ${tag}`,
      level: waiting > 0 && lastError !== null ? 'critical' : 'warning',
      sentence: what + why,
      about: { tag },
    },
  ];
}

function exhaustionProblems({ tags, storeAnswers }: Seen): FleetProblem[] {
  if (!storeAnswers) return [];
  return (tags ?? []).flatMap((view): FleetProblem[] => {
    const left = idsLeft(view);
    if (view.state !== 'active' || left > STEPS_LEFT * BigInt(view.step)) return [];
    return [
      {
        key: `exhaustion ${view.tag}`,
        level: left === 0n ? 'critical' : 'warning',
        sentence:
          left === 0n
            ? `${view.tag} has handed out its highest ID.`
            : `${view.tag} has only ${left} IDs left.`,
        about: { tag: view.tag },
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
