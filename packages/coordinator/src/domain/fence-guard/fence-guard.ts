import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { UnfencedRefusal, UnfencedRule } from '../allocation/allocate.ts';
import type { Fence } from '../allocation/fence.ts';
import type { Locks } from '../allocation/locks.ts';
import type { Deployment, Locked, Store } from '../allocation/store.ts';
import { type Agreement, Generation, type GenerationEvents, isWrongFence } from './generation.ts';
import { type SweepEvents, type SweepReport, sweep } from './sweep.ts';

/** Time between two looks at the fence's identity, milliseconds. */
const CHECK_EVERY_MS = 5_000;

export interface GuardEvents extends GenerationEvents, SweepEvents {
  swept(report: SweepReport): void;
  /** This coordinator must not use the fence that it finds; told again with every look, until it may. */
  fenceRefused(error: LeafcutterError): void;
  fenceAgreed(): void;
  /** A store did not answer; the next look comes in time. */
  guardFailed(error: unknown): void;
}

export interface GuardParts {
  readonly store: Store;
  readonly fence: Fence;
  readonly locks: Locks;
  readonly clock: Clock;
  readonly layout: string;
  readonly newGeneration: () => string;
  readonly events: GuardEvents;
  readonly coordinatorId: string;
  /** True: ranges go unfenced whatever the database may have forgotten, at the operator's own risk. Default false. */
  readonly allowUnswept?: boolean;
  /**
   * How long ranges may go unfenced, from the first one until a sweep reaches the fence, milliseconds. 0: not at all.
   * Default: for ever.
   */
  readonly maxUnfencedMs?: number;
}

/**
 * Watches over the fence: it must be the deployment's own, and remember what it should.
 *
 * - unknown: the fence has not been asked yet, or did not answer. The first state.
 * - agreed: database and fence name the same generation. Entered by `check`.
 * - refused: this fence must not be used. It refuses every allocation, even while it is away. Entered and left by
 *   `check`.
 *
 * The guard looks every five seconds, when the fence comes back, and when an allocation found a strange fence. It
 * sweeps if the numbers of the last sweep differ, and whenever `sweep` is called.
 *
 * It also says whether ranges may be allocated unfenced while the fence is away or takes no writes. They may for
 * `maxUnfencedMs`, and only if the state is swept:
 * - unswept: the database may have forgotten something that only the fence knows. The first state; also entered when
 *   another database answers, when the database was started again (`Store.incarnation`), and when it went back. The
 *   guard sweeps at once, and with every look until that succeeds.
 * - swept: entered when a sweep of our own ended, and one database answered from its beginning to its end.
 *
 * No fence knows of ranges that went unfenced. So after one, the guard sweeps with every look until a sweep reaches
 * the fence.
 *
 * A fence that was found anew is also swept with every look until that succeeds. Whether ranges may go unfenced
 * doesn't depend on it.
 */
export class FenceGuard implements UnfencedRule {
  readonly #parts: GuardParts;
  readonly #generation: Generation;
  #state: 'unknown' | 'agreed' | 'refused' = 'unknown';
  #refusal: LeafcutterError | undefined;
  #checking: Promise<void> | undefined;
  #sweeping: Promise<SweepReport | undefined> | undefined;
  /**
   * The incarnations of both stores that our last sweep saw; undefined if the database may have forgotten something
   * since.
   */
  #swept: { readonly ofDatabase: number; readonly ofFence: number } | undefined;
  /**
   * The last sweep, and when the deployment's fence was found, as the database last told. They rise unless the
   * database goes back.
   */
  #lastSweep = 0;
  #confirmedAtMs = 0;
  /** How often the database was found older than it had been. */
  #wentBack = 0;
  /** What went unfenced since the last sweep: how many ranges, and when the first did, monotonic milliseconds. */
  #unfenced: { readonly ranges: number; readonly sinceMs: number } | undefined;
  #stopTimer: Cancel = () => undefined;
  #stopped = false;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#generation = new Generation(parts);
  }

  get state(): 'unknown' | 'agreed' | 'refused' {
    return this.#state;
  }

  unfencedRefusal(memory?: Locked['memory']): UnfencedRefusal | undefined {
    const { store, clock, allowUnswept = false } = this.#parts;
    const { maxUnfencedMs = Number.POSITIVE_INFINITY } = this.#parts;
    const now = clock.monotonic();
    if (now - (this.#unfenced?.sinceMs ?? now) >= maxUnfencedMs) return 'too_long';
    if (allowUnswept) return undefined;
    if (this.#swept?.ofDatabase !== store.incarnation) return 'unswept';
    if (memory === undefined) return undefined;
    // On a database that was restored in place, another coordinator may have noted already that it found the fence.
    const { sweep, confirmedAtMs } = memory;
    return sweep >= this.#lastSweep && confirmedAtMs >= this.#confirmedAtMs ? undefined : 'unswept';
  }

  wentUnfenced(): void {
    const { ranges = 0, sinceMs = this.#parts.clock.monotonic() } = this.#unfenced ?? {};
    this.#unfenced = { ranges: ranges + 1, sinceMs };
  }

  /** Why this fence must not be used, as long as that lasts. */
  get refusal(): LeafcutterError | undefined {
    return this.#refusal;
  }

  /** Looks now, and from then on every five seconds. Resolves after the first look, even if it failed. */
  async start(): Promise<void> {
    await this.check();
    if (this.#stopped) return;
    this.#stopTimer = this.#parts.clock.after(CHECK_EVERY_MS, () => void this.start());
  }

  /** Waits for work under way to end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer();
    await Promise.allSettled([this.#checking, this.#sweeping]);
  }

  /** Looks at the fence's identity, unless a look is under way. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /**
   * Sweeps, unless a sweep is under way. Resolves to undefined if the fence is away or must not be used, or if
   * another coordinator sweeps.
   * @throws STORE_UNAVAILABLE
   */
  sweep(): Promise<SweepReport | undefined> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #check(): Promise<void> {
    const { store, fence, layout, events } = this.#parts;
    if (!fence.available) {
      // A fence that had to be refused stays refused when it goes away.
      if (this.#state === 'agreed') this.#state = 'unknown';
      // Other coordinators may find it and sweep. Their notes in the database then show us that it went back.
      await store.identify(layout).then(
        (deployment) => this.#compare(deployment),
        (error: unknown) => events.guardFailed(error),
      );
      return;
    }
    try {
      const agreement = await this.#agree();
      this.#state = 'agreed';
      this.#refusal = undefined;
      events.fenceAgreed();
      const { deployment, identity } = agreement;
      const { ofDatabase, ofFence } = this.#incarnations();
      const isSwept =
        this.#swept?.ofDatabase === ofDatabase &&
        this.#swept.ofFence === ofFence &&
        this.#unfenced === undefined;
      // A long sweep must not keep the next look waiting.
      if (deployment.sweep !== identity.sweep || !isSwept)
        void this.sweep().catch((error) => events.guardFailed(error));
    } catch (error) {
      this.#refusal = isWrongFence(error) ? error : undefined;
      this.#state = this.#refusal === undefined ? 'unknown' : 'refused';
      if (this.#refusal === undefined) events.guardFailed(error);
      else events.fenceRefused(this.#refusal);
    }
  }

  async #sweep(): Promise<SweepReport | undefined> {
    const { fence, events } = this.#parts;
    if (!fence.available || this.#stopped) return undefined;
    await this.check();
    if (this.#state !== 'agreed') return undefined;
    const incarnations = this.#incarnations();
    // The numbers tell of a lost write only if it was the last one.
    const everything = this.#swept?.ofDatabase !== incarnations.ofDatabase;
    const unfenced = this.#unfenced;
    const seenFence = unfenced === undefined ? this.#swept?.ofFence : undefined;
    const wentBack = this.#wentBack;
    const report = await sweep(
      this.#parts,
      { agree: () => this.#agree(true), isOvertaken: () => this.#wentBack !== wentBack },
      { everything, fence: seenFence },
    );
    if (report === undefined) return undefined;
    this.#swept = incarnations;
    // A range that went unfenced while the sweep ran may have been passed over.
    if (this.#unfenced === unfenced) this.#unfenced = undefined;
    this.#lastSweep = report.number;
    events.swept(report);
    return report;
  }

  #incarnations(): { ofDatabase: number; ofFence: number } {
    const { store, fence } = this.#parts;
    return { ofDatabase: store.incarnation, ofFence: fence.incarnation };
  }

  /** True for a database whose notes are older than what it told before: it was restored. */
  async #agree(noteNow = false): Promise<Agreement> {
    const agreement = await this.#generation.agree(noteNow);
    this.#compare(agreement.deployment);
    return agreement;
  }

  #compare({ sweep, confirmedAtMs }: Deployment): void {
    if (sweep < this.#lastSweep || confirmedAtMs < this.#confirmedAtMs) {
      this.#swept = undefined;
      this.#wentBack += 1;
    }
    this.#lastSweep = sweep;
    this.#confirmedAtMs = confirmedAtMs;
  }
}
