import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { FleetView, RateAt, StoreStates, TagLive } from '@leafcutter/shared/fleet-views';
import type { TagView } from '@leafcutter/shared/wire';
import type { TagAdmin } from '../tags/tags.ts';
import { agentRows, holdersOf, type Seen, stateOf, tagRows } from './fleet-view.ts';
import { healthOf, ProblemLog, problemsOf } from './problems.ts';
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
/** Rates kept for each tag: an hour's worth at the dozing interval. */
const MAX_HISTORY = 240;

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
  readonly #rates = new Map<string, RateAt[]>();
  #agents: readonly AgentRecord[] = [];
  #tags: readonly TagView[] | undefined;
  #tagsReadAt = Number.NEGATIVE_INFINITY;
  #rosterAnswers = true;
  #ratesNotedAt = Number.NEGATIVE_INFINITY;
  #fleet: FleetView | undefined;
  #stopTimer: Cancel = () => undefined;
  #looking = false;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
    this.#listeners.clear();
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

  /** Instances that are alive, or may be. */
  get aliveInstances(): ReadonlySet<string> {
    const seen = this.#seen();
    return new Set(
      this.#agents.filter((agent) => stateOf(agent, seen) !== 'silent').map(({ instanceId }) => instanceId),
    );
  }

  tag(tag: string): TagLive {
    const seen = this.#seen();
    const holders = holdersOf(tag, seen);
    return {
      timeMs: seen.nowMs,
      tag,
      view: this.#tags?.find((view) => view.tag === tag) ?? null,
      ratePerSecond: holders.reduce(
        (sum, { state, buffer }) => sum + (state === 'silent' ? 0 : buffer.ratePerSecond),
        0,
      ),
      holders,
    };
  }

  rates(tag: string): readonly RateAt[] {
    return this.#rates.get(tag) ?? [];
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
    const { roster, stores, ids } = this.#parts;
    const isWatched = this.#listeners.size > 0;
    try {
      if (isWatched) await roster.watch(WATCHED_FOR_MS);
      this.#agents = await roster.list();
      this.#rosterAnswers = true;
    } catch {
      this.#rosterAnswers = false;
    }
    await this.#readTags();
    const seen = this.#seen();
    const rows = { tags: tagRows(seen), agents: agentRows(seen) };
    const storeStates = stores(this.#tags !== undefined);
    const problems = problemsOf(seen, rows, storeStates);
    this.#problems.update(problems, seen.nowMs);
    this.#noteRates(rows.tags, seen.nowMs);
    const counts = {
      tags: rows.tags.length,
      agents: seen.agents.length,
      silent: rows.agents.filter(({ state }) => state === 'silent').length,
    };
    this.#fleet = {
      ...ids,
      timeMs: seen.nowMs,
      health: healthOf(problems, { tags: counts.tags, agents: counts.agents - counts.silent }),
      stores: storeStates,
      ratePerSecond: rows.tags.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0),
      counts,
      ...rows,
      problems: this.#problems.entries,
    };
    for (const listener of [...this.#listeners]) listener();
  }

  async #readTags(): Promise<void> {
    const { tags, clock } = this.#parts;
    if (clock.monotonic() - this.#tagsReadAt < TAGS_MS) return;
    this.#tagsReadAt = clock.monotonic();
    this.#tags = await tags.list(undefined, MAX_TAGS).then(
      (page) => page.tags,
      () => undefined,
    );
    // A store that is away is asked again at the next look.
    if (this.#tags === undefined) this.#tagsReadAt = Number.NEGATIVE_INFINITY;
  }

  #noteRates(rows: FleetView['tags'], nowMs: number): void {
    const { clock } = this.#parts;
    if (clock.monotonic() - this.#ratesNotedAt < DOZING_MS - WATCHING_MS) return;
    this.#ratesNotedAt = clock.monotonic();
    const all = rows.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
    for (const { tag, ratePerSecond } of [...rows, { tag: ALL_TAGS, ratePerSecond: all }]) {
      const rates = this.#rates.get(tag) ?? [];
      rates.push({ atMs: nowMs, ratePerSecond });
      if (rates.length > MAX_HISTORY) rates.shift();
      this.#rates.set(tag, rates);
    }
    // Tags come and go; their names must not stay for ever.
    const shown = new Set([ALL_TAGS, ...rows.map(({ tag }) => tag)]);
    for (const tag of this.#rates.keys()) if (!shown.has(tag)) this.#rates.delete(tag);
  }

  #seen(): Seen {
    const { clock } = this.#parts;
    return {
      agents: this.#agents,
      tags: this.#tags,
      rosterAnswers: this.#rosterAnswers,
      nowMs: clock.now(),
    };
  }
}

interface Parts {
  readonly roster: Roster;
  readonly tags: Pick<TagAdmin, 'list'>;
  readonly clock: Clock;
  /** What is known of the stores; `storeAnswers` tells whether the database answered the last question. */
  readonly stores: (storeAnswers: boolean) => StoreStates;
  /** A look failed; the next one comes in time. */
  readonly failed: (error: unknown) => void;
  readonly ids: { readonly coordinatorId: string; readonly deploymentId: string };
}
