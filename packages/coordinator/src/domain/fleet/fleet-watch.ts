import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type {
  AgentLive,
  AgentState,
  FleetCoordinator,
  FleetTag,
  FleetView,
  RateAt,
  StoreStates,
  TagLive,
} from '@leafcutter/shared/fleet-views';
import type { TagView } from '@leafcutter/shared/wire';
import type { Holder } from '../allocation/range.ts';
import type { TagAdmin } from '../tags/tags.ts';
import { type Board, type CoordinatorRecord, FORGOTTEN_AFTER_MS, type Refusal } from './board.ts';
import {
  agentRows,
  holdersOf,
  instancesOf,
  rateOf,
  type Seen,
  stateOf,
  tagRows,
  withoutSuperseded,
} from './fleet-view.ts';
import { fateOf, healthOf, ProblemLog, problemsOf } from './problems.ts';
import { RateHistory } from './rate-history.ts';
import { RefusalLog, recentOf } from './refusal-log.ts';
import type { AgentRecord, Roster } from './roster.ts';

/** How often the watch looks at the fleet, in milliseconds: while nobody watches it, and while somebody does. */
const DOZING_MS = 15_000;
const WATCHING_MS = 1_000;
/** Tags seldom change, so they are read again only after this long. */
const TAGS_MS = 5_000;
/** How long agents go on reporting each second after the last look, in milliseconds. */
const WATCHED_FOR_MS = 10_000;
/** The report interval that agents are given while somebody watches. While nobody does, their own interval counts. */
const NEXT_REPORT_MS = { watched: 1_000, unwatched: 300_000 } as const;
const MAX_TAGS = 1_000;
/** Coordinators tell of themselves, and read of the others, after this long. */
const BOARD_MS = 5_000;
/** A coordinator that was silent for this long is called so: it missed two dozing looks. */
const SILENT_AFTER_MS = 35_000;

/** No tag has this name: it stands for the rates of all tags together. */
export const ALL_TAGS = '';

/**
 * Looks at the fleet for consoles. It has two states:
 * - dozing: nobody watches; a look each 15 s keeps the histories.
 * - watching: entered by the first `subscribe`, left when the last subscriber is gone. It looks each second, and asks
 *   agents to report as often.
 */
export class FleetWatch {
  readonly #parts: Parts;
  readonly #listeners = new Set<() => void>();
  readonly #problems = new ProblemLog();
  readonly #history: RateHistory;
  readonly #refusals = new RefusalLog();
  readonly #startedAtMs: number;
  #agents: readonly AgentRecord[] = [];
  #tags: readonly TagView[] | undefined;
  #storeAnswers = false;
  #tagsReadAt = Number.NEGATIVE_INFINITY;
  #rosterAnswers = false;
  #rosterReadAtMs = 0;
  #rosterSinceMs = 0;
  /** Undefined while the board does not answer. */
  #coordinators: readonly CoordinatorRecord[] | undefined;
  #boardReadAt = Number.NEGATIVE_INFINITY;
  #fleet: FleetView | undefined;
  #stopTimer: Cancel = () => undefined;
  #looking = false;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#history = new RateHistory(parts.board);
    this.#startedAtMs = parts.clock.now();
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
    this.#listeners.clear();
    // If this is lost, its silence tells the same.
    this.#parts.board.leave(this.#parts.ids.coordinatorId).catch(() => undefined);
  }

  /** Calls `listener` after each look, the first one soon. */
  subscribe(listener: () => void): Cancel {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#look();
    return () => this.#listeners.delete(listener);
  }

  /** The time until an agent that reports now should report again, in milliseconds. */
  async nextReportMs(): Promise<number> {
    const watched = await this.#parts.roster.isWatched().catch(() => false);
    return watched ? NEXT_REPORT_MS.watched : NEXT_REPORT_MS.unwatched;
  }

  /** Undefined before the first look. */
  get fleet(): FleetView | undefined {
    return this.#fleet;
  }

  /** How the holder of a machine id does. `followed`: another process of the same agent is alive, and this one is gone. */
  stateOfHolder({ agentId, instanceId }: Holder): AgentState | 'followed' {
    const seen = this.#seen();
    const own = this.#agents.find((agent) => agent.instanceId === instanceId);
    if (own !== undefined) return stateOf(own, seen);
    if (!this.#rosterAnswers) return 'unknown';
    const isFollowed = this.#agents.some(
      (agent) => agent.agentId === agentId && stateOf(agent, seen) === 'alive',
    );
    return isFollowed ? 'followed' : 'silent';
  }

  tag(tag: string): TagLive {
    const seen = this.#seen();
    const holders = holdersOf(tag, seen);
    const alive = holders.filter(({ state }) => state === 'alive');
    return {
      timeMs: seen.nowMs,
      tag,
      view: (this.#storeAnswers ? this.#tags?.find((view) => view.tag === tag) : undefined) ?? null,
      ratePerSecond: this.#rosterAnswers
        ? alive.reduce((sum, { buffer }) => sum + buffer.ratePerSecond, 0)
        : null,
      holders,
    };
  }

  agent(agentId: string): AgentLive {
    const seen = this.#seen();
    return { timeMs: seen.nowMs, agentId, instances: instancesOf(agentId, seen) };
  }

  rates(tag: string): readonly RateAt[] {
    return this.#history.of(tag);
  }

  /** An agent was answered with `error` when it asked for a segment. */
  refused(tag: string, agentId: string, error: unknown): void {
    this.#refusals.note(tag, agentId, error, this.#parts.clock.now());
  }

  /** Reads the tags anew at the next look: an admin changed one. */
  tagsChanged(): void {
    this.#tagsReadAt = Number.NEGATIVE_INFINITY;
  }

  /** One look at a time. A listener that subscribes during a look is told of its result. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    this.#stopTimer();
    try {
      await this.#lookNow();
    } catch (error) {
      // Agents of another version may report what makes no sense here. Then a page stands still, and nothing worse
      // happens.
      this.#parts.failed(error);
    }
    this.#looking = false;
    if (this.#stopped) return;
    const everyMs = this.#listeners.size > 0 ? WATCHING_MS : DOZING_MS;
    this.#stopTimer = this.#parts.clock.after(everyMs, () => void this.#look());
  }

  async #lookNow(): Promise<void> {
    await this.#readRoster();
    await this.#readTags();
    await this.#readBoard();
    const { stores, ids } = this.#parts;
    const seen = this.#seen();
    const rows = { tags: tagRows(seen), agents: agentRows(seen) };
    const ratePerSecond = rateOf(seen);
    const storeStates = stores(this.#storeAnswers);
    const problems = problemsOf(seen, rows, storeStates);
    this.#problems.update(problems, seen.nowMs, (problem) => fateOf(problem, seen));
    if (ratePerSecond !== null) await this.#noteRates(rows.tags, ratePerSecond, seen.nowMs);
    const counts = countsOf(seen, rows.tags.length);
    this.#fleet = {
      ...ids,
      timeMs: seen.nowMs,
      health: healthOf(problems, counts),
      stores: storeStates,
      ratePerSecond,
      counts,
      coordinators: this.#coordinators?.map((record) => coordinatorRow(record, seen.nowMs)) ?? null,
      ...rows,
      problems: this.#problems.entries,
    };
    for (const listener of [...this.#listeners]) listener();
  }

  async #readRoster(): Promise<void> {
    const { roster, clock } = this.#parts;
    try {
      if (this.#listeners.size > 0) await roster.watch(WATCHED_FOR_MS);
      const agents = await roster.list();
      const nowMs = clock.now();
      if (!this.#rosterAnswers) this.#rosterSinceMs = nowMs;
      this.#rosterAnswers = true;
      this.#rosterReadAtMs = nowMs;
      this.#agents = withoutSuperseded(agents, this.#seen());
    } catch {
      this.#rosterAnswers = false;
    }
  }

  async #readTags(): Promise<void> {
    const { tags, clock } = this.#parts;
    if (clock.monotonic() - this.#tagsReadAt < TAGS_MS) return;
    this.#tagsReadAt = clock.monotonic();
    try {
      this.#tags = (await tags.list(undefined, MAX_TAGS)).tags;
      this.#storeAnswers = true;
    } catch {
      // A store that is away is asked again at the next look.
      this.#storeAnswers = false;
      this.#tagsReadAt = Number.NEGATIVE_INFINITY;
    }
  }

  /** Tells the other coordinators of this one, and reads what they tell. */
  async #readBoard(): Promise<void> {
    const { board, clock, ids, version } = this.#parts;
    if (this.#stopped || clock.monotonic() - this.#boardReadAt < BOARD_MS) return;
    this.#boardReadAt = clock.monotonic();
    const nowMs = clock.now();
    try {
      await board.announce({
        coordinatorId: ids.coordinatorId,
        version,
        startedAtMs: this.#startedAtMs,
        seenAtMs: nowMs,
        refusals: this.#refusals.recent(nowMs),
      });
      const coordinators = await board.coordinators(nowMs - FORGOTTEN_AFTER_MS);
      this.#coordinators = coordinators.sort((a, b) => (a.coordinatorId < b.coordinatorId ? -1 : 1));
    } catch {
      this.#coordinators = undefined;
      this.#boardReadAt = Number.NEGATIVE_INFINITY;
    }
  }

  async #noteRates(rows: readonly FleetTag[], all: number, nowMs: number): Promise<void> {
    const rates = new Map([[ALL_TAGS, all]]);
    for (const { tag, ratePerSecond } of rows) if (ratePerSecond) rates.set(tag, ratePerSecond);
    // The charts have a gap then.
    await this.#history.note(rates, nowMs).catch(() => undefined);
  }

  #seen(): Seen {
    const { clock } = this.#parts;
    const nowMs = clock.now();
    return {
      agents: this.#agents,
      tags: this.#tags,
      storeAnswers: this.#storeAnswers,
      refusals: this.#allRefusals(nowMs),
      rosterAnswers: this.#rosterAnswers,
      rosterReadAtMs: this.#rosterReadAtMs,
      rosterSinceMs: this.#rosterSinceMs,
      nowMs,
    };
  }

  /** The latest refusal of each tag, on any coordinator. */
  #allRefusals(nowMs: number): Refusal[] {
    const others = this.#coordinators?.flatMap(({ refusals }) => refusals) ?? [];
    const latest = new Map<string, Refusal>();
    for (const refusal of recentOf([...others, ...this.#refusals.recent(nowMs)], nowMs))
      if (refusal.atMs >= (latest.get(refusal.tag)?.atMs ?? 0)) latest.set(refusal.tag, refusal);
    return [...latest.values()];
  }
}

function countsOf(seen: Seen, tags: number): FleetView['counts'] {
  const states = seen.agents.map((agent) => stateOf(agent, seen));
  const count = (state: AgentState) => states.filter((other) => other === state).length;
  return {
    tags: seen.storeAnswers ? tags : null,
    agents: states.length,
    alive: count('alive'),
    silent: count('silent'),
    unknown: count('unknown'),
  };
}

function coordinatorRow(record: CoordinatorRecord, nowMs: number): FleetCoordinator {
  const { refusals: _, ...row } = record;
  return { ...row, state: nowMs - record.seenAtMs > SILENT_AFTER_MS ? 'silent' : 'alive' };
}

interface Parts {
  readonly roster: Roster;
  readonly board: Board;
  readonly tags: Pick<TagAdmin, 'list'>;
  readonly clock: Clock;
  /** What is known of the stores; `storeAnswers` tells whether the database answered the last question. */
  readonly stores: (storeAnswers: boolean) => StoreStates;
  /** A look failed; the next one comes in time. */
  readonly failed: (error: unknown) => void;
  readonly ids: { readonly coordinatorId: string; readonly deploymentId: string };
  readonly version: string;
}
