import type { CompletedSweep } from '../stores/completed-sweep.ts';
import type { Commit } from '../stores/simulated-database.ts';
import { type Heal, nothingToHeal } from './fault.ts';

/** A watch may take up to this long to notice that Redis is back. */
const AFTERMATH_MS = 4_000;

/**
 * The assumption behind I1, written down in this one place:
 *
 *     either store may forget, as long as a sweep that saw both completes before the other one forgets, too.
 *
 * So there are two memories, and faults may take one of them at a time:
 *
 * - Redis may forget (wiped, taken back, evicted, failed over to a replica that lags, exchanged for another one),
 *   unless MySQL forgot something and no sweep that began after that has been completed.
 * - MySQL may forget (failed over, restored) what Redis was told: commits of transactions that began while Redis was
 *   there for everybody, if Redis has not forgotten since. It may also forget commits that a sweep has read, if that
 *   sweep was completed after Redis last forgot; or that were under way while Redis forgot all that it had learnt since some
 *   moment, if a sweep that began after that was completed: it waited for them. What was written while Redis was away, and was not swept since, is
 *   in no second memory: that is the one thing that MySQL may not lose.
 * - Redis may be away, slow, read-only or lose commands at any time, even right after MySQL forgot: that is not
 *   forgetting.
 *
 * Any sweep counts, whoever did it and however much it read, if it ran on one MySQL and one Redis, the present ones,
 * and began after both were well. If a deployment goes over to another Redis, its Redis has forgotten. If it comes
 * back, its Redis has forgotten again.
 *
 * Everything else is always allowed: clocks, processes, networks, lost answers, rows edited by hand. A fault that
 * would break the assumption asks here, and is put off.
 *
 * Redis counts as away because of what is done to it here, never because a coordinator believes so: a coordinator
 * that wrongly believes that Redis is away must be found out.
 */
export class Assumptions {
  readonly #now: () => number;
  readonly #commits: readonly Commit[];
  /** Commits that were made while Redis was away for some coordinator. */
  readonly #missed = new WeakSet<Commit>();
  readonly #stutters = new Set<Heal>();
  readonly #mistakes = new Set<Heal>();
  /** Coordinators that believe Redis is away because of what was done to it. */
  readonly #watchesDown = new Set<string>();
  /** Lasting troubles of Redis: those in which it is away, and those in which it forgets what it is told. */
  #away = 0;
  #forgetting = 0;
  /** True if the deployment followed a coordinator that was led to another Redis. */
  #takenOver = false;
  /** When Redis was last back for everybody. */
  #backAtMs = 0;
  /** True if Redis last forgot single keys, which no coordinator notices. */
  #forgotKeys = false;
  /** When something was last done to Redis. */
  #lastHarmMs = Number.NEGATIVE_INFINITY;
  #redisForgotAtMs = Number.NEGATIVE_INFINITY;
  #databaseForgotAtMs = Number.NEGATIVE_INFINITY;
  /** Beginnings of the last completed sweep, and of the last one since Redis forgot. */
  #sweptAtMs = 0;
  #redisSweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: { readonly commits: readonly Commit[]; readonly now: () => number }) {
    this.#commits = parts.commits;
    this.#now = parts.now;
  }

  committed(commit: Commit): void {
    const isThere = this.#away === 0 && this.#forgetting === 0 && !this.#takenOver;
    if (!isThere || this.#watchesDown.size > 0 || commit.begunAtMs < this.#backAtMs) this.#missed.add(commit);
  }

  swept({ begunAtMs, sawPresentRedis }: CompletedSweep): void {
    if (!sawPresentRedis || this.#forgetting > 0 || this.#takenOver) return;
    if (begunAtMs <= Math.max(this.#redisForgotAtMs, this.#databaseForgotAtMs)) return;
    this.#sweptAtMs = begunAtMs;
    this.#redisSweptAtMs = begunAtMs;
  }

  /** MySQL is about to lose its last `wanted` commits: how many of them it may lose. */
  databaseForgets(wanted: number): number {
    for (const heal of [...this.#mistakes]) heal();
    const losable = this.losable(wanted);
    if (losable > 0) this.#databaseForgotAtMs = this.#now();
    return losable;
  }

  /** How many of the last `wanted` commits Redis knows of. */
  losable(wanted: number): number {
    let losable = 0;
    while (losable < wanted && losable < this.#commits.length) {
      const commit = this.#commits[this.#commits.length - 1 - losable];
      if (commit === undefined || !(commit.isNote || this.#isKnownToRedis(commit))) break;
      losable += 1;
    }
    return losable;
  }

  /** Lets Redis forget, if that is allowed now: all that it has learnt since some moment, or `keys` only. */
  redisForgets(harm: () => Heal | undefined, keys = false): Heal | undefined {
    if (this.databaseIsBehind) return undefined;
    const heal = harm();
    if (heal === undefined) return undefined;
    this.#redisForgot(keys);
    if (heal === nothingToHeal) return heal;
    this.#forgetting += 1;
    this.#harmed();
    return once(() => {
      heal();
      this.#forgetting -= 1;
      this.#redisForgot();
      this.#harmed();
    });
  }

  /** Lets Redis be away for some or all, which is allowed at any time. */
  redisIsAway(harm: () => Heal | undefined): Heal | undefined {
    const heal = harm();
    if (heal === undefined) return undefined;
    this.#away += 1;
    this.#harmed();
    return once(() => {
      heal();
      this.#away -= 1;
      this.#harmed();
    });
  }

  /** Lets single commands of Redis get lost; a coordinator may then believe that Redis is away. */
  redisStutters(harm: () => Heal | undefined): Heal | undefined {
    const heal = harm();
    if (heal === undefined) return undefined;
    const end = () => {
      if (!this.#stutters.delete(end)) return;
      this.#lastHarmMs = this.#now();
      heal();
    };
    this.#stutters.add(end);
    return end;
  }

  /**
   * Lets coordinators be led to another Redis. As long as they refuse it, that harms nobody. The deployment may go
   * over to it, and must if its own Redis is gone for good. Then the way back leads to a Redis that missed what was
   * handed out meanwhile. If MySQL forgets in the middle of this, the fault ends: otherwise two of the three would
   * have forgotten.
   */
  redisMistaken(harm: () => Heal | undefined): Heal | undefined {
    if (this.databaseIsBehind) return undefined;
    const end = this.redisStutters(harm);
    if (end === undefined) return undefined;
    const endOnce = () => {
      if (!this.#mistakes.delete(endOnce)) return;
      end();
      if (this.#takenOver) {
        this.#redisForgot();
        this.#harmed();
      }
      if (this.#mistakes.size === 0) this.#takenOver = false;
    };
    this.#mistakes.add(endOnce);
    return endOnce;
  }

  /** The deployment goes over to another Redis, which knows nothing yet. */
  redisChanged(): void {
    this.#takenOver = this.#mistakes.size > 0;
    this.#redisForgot();
    this.#harmed();
  }

  /** A coordinator believes that Redis is away, or back. If nothing was done to Redis, that is its own mistake. */
  watchTurned(coordinator: string, up: boolean): void {
    const isKnown =
      this.#away + this.#forgetting + this.#stutters.size > 0 ||
      this.#now() - this.#lastHarmMs < AFTERMATH_MS;
    if (!up && isKnown) this.#watchesDown.add(coordinator);
    else if (up && this.#watchesDown.delete(coordinator)) this.#harmed();
  }

  /** A coordinator is dead and believes nothing any more. */
  watchEnded(coordinator: string): void {
    this.#watchesDown.delete(coordinator);
  }

  /** True if MySQL forgot something and no sweep that began after that has been completed. */
  get databaseIsBehind(): boolean {
    return this.#databaseForgotAtMs >= this.#sweptAtMs;
  }

  #isKnownToRedis(commit: Commit): boolean {
    if (commit.atMs <= this.#redisSweptAtMs) return true;
    if (this.#missed.has(commit)) return false;
    if (commit.begunAtMs > this.#redisForgotAtMs) return true;
    return commit.begunAtMs <= this.#redisSweptAtMs && !this.#forgotKeys;
  }

  #redisForgot(keys = false): void {
    this.#redisForgotAtMs = this.#now();
    this.#redisSweptAtMs = Number.NEGATIVE_INFINITY;
    this.#forgotKeys = keys;
    this.#lastHarmMs = this.#now();
  }

  #harmed(): void {
    this.#lastHarmMs = this.#now();
    this.#backAtMs = this.#lastHarmMs;
  }
}

/** A trouble that ends by itself may also be ended with its fault. */
function once(heal: Heal): Heal {
  let isOver = false;
  return () => {
    if (!isOver) heal();
    isOver = true;
  };
}
