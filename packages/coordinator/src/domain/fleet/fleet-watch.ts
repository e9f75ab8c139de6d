import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import type {
  AgentLive,
  FleetAgent,
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
  agentRow,
  agentRows,
  holdersOf,
  instancesOf,
  rateOf,
  type Seen,
  tagRows,
  UNHEARD_MS,
} from './fleet-view.ts';
import { fateOf, healthOf, ProblemLog, problemsOf } from './problems.ts';
import { RateHistory } from './rate-history.ts';
import { RefusalLog, recentOf } from './refusal-log.ts';
import {
  type AgentCounts,
  type AgentRecord,
  type HolderState,
  PAGE,
  type Roster,
  type TagSum,
} from './roster.ts';
import { HolderSearch, ProcessSearch, type Search } from './searches.ts';

/** How often the watch looks at the fleet, in milliseconds: while nobody watches it, and while somebody does. */
const DOZING_MS = 15_000;
const WATCHING_MS = 1_000;
/** Tags seldom change, so they are read again only after this long. */
const TAGS_MS = 5_000;
/** How long agents go on reporting each second after the last look, in milliseconds. */
const WATCHED_FOR_MS = 10_000;
/** The report interval that agents are given while somebody watches. While nobody does, their own interval counts. */
const NEXT_REPORT_MS = { watched: 1_000, unwatched: 300_000 } as const;
/** Most reports a second of the whole fleet because somebody watches: a larger fleet reports less often. */
const MAX_REPORTS_PER_S = 500;
/** How long it is taken for granted that somebody watches, or that nobody does, in milliseconds. */
const WATCHED_KNOWN_MS = 500;
const MAX_TAGS = 1_000;
/** Most tags whose sums a look keeps. */
const MAX_SUMS = 20_000;
/** Coordinators tell of themselves, and read of the others, after this long. */
const BOARD_MS = 5_000;
/** A coordinator that was silent for this long is called so: it missed two dozing looks. */
const SILENT_AFTER_MS = 35_000;

/** No tag has this name: it stands for the rates of all tags together. */
export const ALL_TAGS = '';

/** What a listener wants to see besides the fleet. */
interface Wanted {
  readonly tag?: string | undefined;
  readonly agent?: string | undefined;
}

/**
 * Looks at the fleet for consoles. It has two states:
 * - dozing: nobody watches; a look each 15 s keeps the histories.
 * - watching: entered by the first `subscribe`, left when the last subscriber is gone. It looks each second, and asks
 *   agents to report as often.
 */
export class FleetWatch {
  readonly #parts: Parts;
  readonly #listeners = new Set<() => void>();
  /** Each with how many listeners want what it finds. */
  readonly #searches = new Map<string, { readonly search: Search; listeners: number }>();
  readonly #problems = new ProblemLog();
  readonly #history: RateHistory;
  readonly #refusals = new RefusalLog();
  readonly #startedAtMs: number;
  #agents: readonly AgentRecord[] = [];
  #sums: ReadonlyMap<string, TagSum> = new Map();
  #counts: AgentCounts = { alive: 0, silent: 0, unheard: 0 };
  #watched: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
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

  /** Calls `listener` after each look, the first one soon. Looks find what it wants besides the fleet. */
  subscribe(listener: () => void, wanted: Wanted = {}): Cancel {
    this.#listeners.add(listener);
    const leave = this.#search(wanted);
    if (this.#listeners.size === 1 || !this.hasFound(wanted)) void this.#look();
    return () => {
      this.#listeners.delete(listener);
      leave();
    };
  }

  /** Whether a look was for what is wanted besides the fleet, or nobody can look. */
  hasFound(wanted: Wanted): boolean {
    const key = keyOf(wanted);
    return key === undefined || !this.#rosterAnswers || this.#searches.get(key)?.search.found !== undefined;
  }

  /** The time until an agent that reports now should report again, in milliseconds. */
  async nextReportMs(): Promise<number> {
    const { clock, roster } = this.#parts;
    const now = clock.monotonic();
    // Each report asks, and one question serves many.
    if (this.#watched === undefined || now - this.#watched.at >= WATCHED_KNOWN_MS)
      this.#watched = { at: now, answer: roster.isWatched().catch(() => false) };
    if (!(await this.#watched.answer)) return NEXT_REPORT_MS.unwatched;
    return Math.max(NEXT_REPORT_MS.watched, Math.ceil((this.#counts.alive * 1_000) / MAX_REPORTS_PER_S));
  }

  /** Undefined before the first look. */
  get fleet(): FleetView | undefined {
    return this.#fleet;
  }

  /** How holders of machine ids do, at most `PAGE`; `unknown` while the roster does not answer. */
  async statesOf(holders: readonly Holder[]): Promise<(HolderState | 'unknown')[]> {
    if (!this.#rosterAnswers) return holders.map(() => 'unknown');
    return this.#parts.roster.statesOf(holders);
  }

  tag(tag: string): TagLive {
    const seen = this.#seen();
    const row = tagRows(seen).find((candidate) => candidate.tag === tag);
    return {
      timeMs: seen.nowMs,
      tag,
      view: (this.#storeAnswers ? this.#tags?.find((view) => view.tag === tag) : undefined) ?? null,
      ratePerSecond: this.#rosterAnswers ? (row?.ratePerSecond ?? 0) : null,
      holders: holdersOf(tag, this.#found({ tag }), seen),
    };
  }

  agent(agentId: string): AgentLive {
    const seen = this.#seen();
    return { timeMs: seen.nowMs, agentId, instances: instancesOf(this.#found({ agent: agentId }), seen) };
  }

  row(agent: AgentRecord): FleetAgent {
    return agentRow(agent, this.#seen());
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
    this.#parts.tagsChanged();
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
    const counts = this.#countsOf(seen, rows.tags.length);
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
      const nowMs = clock.now();
      const sinceMs = this.#rosterAnswers ? this.#rosterSinceMs : nowMs;
      await this.#readParts(nowMs, sinceMs);
      this.#rosterSinceMs = sinceMs;
      this.#rosterAnswers = true;
      this.#rosterReadAtMs = nowMs;
    } catch (error) {
      this.#rosterAnswers = false;
      if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
    }
  }

  /** What is summed up already, and some agents; never all of them. */
  async #readParts(nowMs: number, sinceMs: number): Promise<void> {
    const { roster } = this.#parts;
    await roster.settle(nowMs);
    // Those that nobody could hear while the roster was away may be well.
    this.#counts = await roster.counts(nowMs - sinceMs <= UNHEARD_MS ? sinceMs : Number.MIN_SAFE_INTEGER);
    const sums = new Map<string, TagSum>();
    for await (const some of roster.sums()) {
      for (const sum of some) sums.set(sum.tag, sum);
      if (sums.size >= MAX_SUMS) break;
    }
    this.#sums = sums;
    let first: TagSum['first'] = null;
    for (const sum of sums.values())
      if (sum.first !== null && (first === null || sum.first.atMs < first.atMs)) first = sum.first;
    const agents = [
      ...(await roster.inTrouble()),
      ...(first === null ? [] : await roster.read([first.instanceId])),
      ...(await roster.page({ most: PAGE })).agents,
    ];
    // What became of those who had problems is told, too.
    for (const agentId of this.#problems.agentIds) agents.push(...(await roster.processes(agentId)));
    this.#agents = [...new Map(agents.map((agent) => [agent.instanceId, agent])).values()];
    for (const { search } of this.#searches.values()) await search.look(roster);
  }

  #search(wanted: Wanted): Cancel {
    const key = keyOf(wanted);
    if (key === undefined) return () => undefined;
    const search =
      wanted.tag === undefined ? new ProcessSearch(wanted.agent ?? '') : new HolderSearch(wanted.tag);
    const entry = this.#searches.get(key) ?? { search, listeners: 0 };
    this.#searches.set(key, entry);
    entry.listeners += 1;
    return () => {
      entry.listeners -= 1;
      if (entry.listeners === 0) this.#searches.delete(key);
    };
  }

  #found(wanted: Wanted): readonly AgentRecord[] {
    return this.#searches.get(keyOf(wanted) ?? '')?.search.found ?? [];
  }

  #countsOf({ rosterAnswers, storeAnswers }: Seen, tags: number): FleetView['counts'] {
    const { alive, silent, unheard } = this.#counts;
    const agents = alive + silent + unheard;
    const known = rosterAnswers
      ? { alive, silent, unknown: unheard }
      : { alive: 0, silent: 0, unknown: agents };
    return { tags: storeAnswers ? tags : null, agents, ...known };
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
      sums: this.#sums,
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

function keyOf({ tag, agent }: Wanted): string | undefined {
  if (tag !== undefined) return `tag ${tag}`;
  return agent === undefined ? undefined : `agent ${agent}`;
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
  /** An admin changed a tag through this coordinator. */
  readonly tagsChanged: () => void;
  /** A look failed; the next one comes in time. */
  readonly failed: (error: unknown) => void;
  readonly ids: { readonly coordinatorId: string; readonly deploymentId: string };
  readonly version: string;
}
