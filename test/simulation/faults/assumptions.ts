import { counterKey, type LedgerEntry, maxBigint } from '@leafcutter/coordinator/domain/range';
import type { Commit, SimulatedDatabase } from '../stores/simulated-database.ts';
import type { Heal } from './fault.ts';

/** A watch may find out about a Redis that was away up to so long after it is back. */
const AFTERMATH_MS = 4_000;

/**
 * What I1 is promised under, and the one place where it is written down:
 *
 *     as long as every acknowledged write that MySQL loses had reached the fence, and Redis, not wiped or rolled
 *     back, answers when that counter is next used.
 *
 * So there are always two memories, and faults may take one of them at a time:
 *
 * - MySQL may lose the commits of transactions that began since all of Redis was last well, and those that a full sweep
 *   has read since then; and it may lose them only while Redis is well.
 * - Redis may forget, be cut off or take no writes while every counter in MySQL stands at or above all that was ever
 *   committed from it, that is, while MySQL has forgotten nothing that it has not caught up with since.
 *
 * - A deployment that goes over to another Redis has a Redis that forgot, and has one again when it comes back.
 *
 * Each alone is always allowed, and so is everything else: clocks, processes, networks, lost answers. What would break
 * the assumption is put off by whoever asks here.
 *
 * Redis counts as unwell by what is done to it here, never by what a coordinator believes: a coordinator that takes a
 * Redis for away that is not must be found out.
 */
export class Assumptions {
  readonly #database: SimulatedDatabase;
  readonly #now: () => number;
  readonly #watchesAreUp: () => boolean;
  readonly #highest = new Map<string, bigint>();
  readonly #stutters = new Set<Heal>();
  /** Troubles of Redis that last. */
  #forgetting = 0;
  /** Coordinators that were led to another Redis, and whether the deployment followed one of them. */
  #mistaken = 0;
  #takenOver = false;
  #wellSinceMs = 0;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  /** When something was last done to Redis. */
  #lastHarmMs = Number.NEGATIVE_INFINITY;

  constructor(parts: { database: SimulatedDatabase; now: () => number; watchesAreUp: () => boolean }) {
    this.#database = parts.database;
    this.#now = parts.now;
    this.#watchesAreUp = parts.watchesAreUp;
  }

  committed({ counter, end }: LedgerEntry): void {
    const key = `${counter.kind} ${counterKey(counter)}`;
    this.#highest.set(key, maxBigint(this.#highest.get(key) ?? 0n, end));
  }

  /** How many of the last `wanted` commits MySQL may lose now. */
  losable(wanted: number): number {
    if (!this.#redisIsWell()) return 0;
    const { commits } = this.#database;
    let losable = 0;
    while (losable < Math.min(wanted, commits.length)) {
      const commit = commits[commits.length - 1 - losable];
      if (commit === undefined || !this.#isFenced(commit)) break;
      losable += 1;
    }
    return losable;
  }

  /** MySQL is about to lose something: from here on Redis has to answer. */
  databaseForgets(): void {
    if (!this.#redisIsWell()) return;
    for (const heal of [...this.#stutters]) heal();
  }

  /** Lets Redis forget, or not be reached, where that is allowed now. */
  redisForgets(harm: () => Heal | undefined): Heal | undefined {
    if (this.#databaseIsBehind()) return undefined;
    const heal = harm();
    if (heal === undefined) return undefined;
    this.#forgetting += 1;
    this.#harmed();
    return () => {
      heal();
      this.#forgetting -= 1;
      this.#harmed();
    };
  }

  /** Lets single commands of Redis get lost; some coordinator may come to think that it is away. */
  redisStutters(harm: () => Heal | undefined): Heal | undefined {
    if (this.#databaseIsBehind()) return undefined;
    const heal = harm();
    if (heal === undefined) return undefined;
    const end = () => {
      this.#stutters.delete(end);
      this.#lastHarmMs = this.#now();
      heal();
    };
    this.#stutters.add(end);
    return end;
  }

  /** A coordinator thinks that Redis is away, or back. Where nothing was done to Redis, that is its own mistake. */
  watchTurned(): void {
    const now = this.#now();
    const known = this.#forgetting > 0 || this.#stutters.size > 0 || now - this.#lastHarmMs < AFTERMATH_MS;
    if (known) this.#harmed();
  }

  /** Fences stand at or above every counter that a full sweep read, where nothing was done to Redis since. */
  swept(readAtMs: number): void {
    if (this.#forgetting === 0 && !this.#takenOver && readAtMs > this.#lastHarmMs) this.#sweptAtMs = readAtMs;
  }

  /** The deployment goes over to another Redis, which knows nothing yet. */
  redisChanged(): void {
    this.#takenOver = this.#mistaken > 0;
    this.#harmed();
  }

  /**
   * Lets coordinators be led to another Redis. As long as they refuse it, that harms nobody. Where the deployment goes
   * over to it, as it must where the own Redis is gone for good, the way back leads to a Redis that missed what was
   * handed out meanwhile: until all are back, Redis is not well.
   */
  redisMistaken(harm: () => Heal | undefined): Heal | undefined {
    const end = this.redisStutters(harm);
    if (end === undefined) return undefined;
    this.#mistaken += 1;
    let over = false;
    const endOnce = () => {
      if (over) return;
      over = true;
      this.#stutters.delete(endOnce);
      end();
      this.#mistaken -= 1;
      if (this.#takenOver) this.#harmed();
      if (this.#mistaken === 0) this.#takenOver = false;
    };
    this.#stutters.delete(end);
    this.#stutters.add(endOnce);
    return endOnce;
  }

  /** True where Redis must know of a commit: it was well all the time, or was swept after it. */
  #isFenced({ begunAtMs, atMs }: Commit): boolean {
    return begunAtMs >= this.#wellSinceMs || atMs <= this.#sweptAtMs;
  }

  #harmed(): void {
    this.#lastHarmMs = this.#now();
    this.#wellSinceMs = this.#lastHarmMs;
    this.#sweptAtMs = Number.NEGATIVE_INFINITY;
  }

  #redisIsWell(): boolean {
    return this.#forgetting === 0 && !this.#takenOver && this.#watchesAreUp();
  }

  #databaseIsBehind(): boolean {
    const { tags, highWaters, machineIds } = this.#database;
    for (const [key, highest] of this.#highest) {
      const space = key.indexOf(' ');
      const name = key.slice(space + 1);
      const counter =
        key.slice(0, space) === 'tag'
          ? maxBigint(tags.get(name)?.nextId ?? 0n, highWaters.get(name) ?? 0n)
          : (machineIds.get(Number(name))?.ceilingMs ?? 0n);
      if (counter < highest) return true;
    }
    return false;
  }
}
