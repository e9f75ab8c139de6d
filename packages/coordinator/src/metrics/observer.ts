import type { Clock } from '@leafcutter/shared/clock';
import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { Logger } from '@leafcutter/shared/logger';
import type { LostRange } from '../domain/allocation/lost-range.ts';
import { type CounterName, counterKey } from '../domain/allocation/range.ts';
import type { GuardEvents } from '../domain/fence-guard/fence-guard.ts';
import type { SweepReport } from '../domain/fence-guard/sweep.ts';
import { CoordinatorMetrics, type CoordinatorReadings } from './metrics.ts';

/**
 * How many lost writes are logged one by one in a minute. The rest is only counted, because a failover may concern
 * thousands of tags.
 */
const TOLD_PER_MINUTE = 20;

const LOST_SHOWN_MS = 3_600_000;

/** Counts what happens, and logs a sentence if an operator must know. */
export class CoordinatorObserver extends CoordinatorMetrics implements GuardEvents {
  /** Called when an allocation met a Redis that is not the deployment's. */
  onFenceStrange: () => void = () => undefined;
  /** This coordinator must not use the Redis that it finds; called with every look. */
  onFenceRefused: () => void = () => undefined;
  readonly #log: Logger;
  readonly #clock: Clock;
  #refused = '';
  /** Losses of the last hour: how many, the last counter, and when. */
  #lost = { counters: 0, latest: '', atMs: Number.NEGATIVE_INFINITY };
  #minuteBegan = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(parts: { readings: CoordinatorReadings; log: Logger; clock: Clock }) {
    super(parts.readings);
    this.#log = parts.log;
    this.#clock = parts.clock;
  }

  override fenceStrange(): void {
    super.fenceStrange();
    this.onFenceStrange();
  }

  override writesLost(name: CounterName, lost: LostRange): void {
    super.writesLost(name, lost);
    const { start, end, committed } = lost;
    const label = name.kind === 'tag' ? 'tag' : 'machineId';
    const fields = { [label]: counterKey(name), from: String(start), to: String(end) };
    if (committed) this.#noteLost(`${name.kind === 'tag' ? 'tag' : 'machine id'} ${counterKey(name)}`);
    if (!committed) {
      this.#log.info(
        fields,
        'the fence was raised for a range that MySQL does not have, and nobody said that its COMMIT succeeded. It is passed over and entered as (lost)',
      );
    } else if (this.#mayTell()) {
      this.#log.warn(
        fields,
        'MySQL lost writes of this counter: it went back to "from", though ranges up to "to" were handed out. They are passed over, and what the ledger lost of them is entered as (lost). Was MySQL restored, failed over to a lagging replica, or the row edited?',
      );
    }
  }

  /** What the console shows of writes that MySQL lost, for an hour after the last one. */
  lostLately(): { counters: number; latest: string } | null {
    const { counters, latest, atMs } = this.#lost;
    return this.#clock.monotonic() - atMs < LOST_SHOWN_MS ? { counters, latest } : null;
  }

  override databaseReplaced(): void {
    super.databaseReplaced();
    this.#log.info(
      'another MySQL answers than before, or one that was started again; the fences are swept, and nothing goes unfenced until they are',
    );
  }

  override fenceIntroduced(generation: string, before: string | undefined): void {
    super.fenceIntroduced(generation, before);
    if (before === undefined) {
      this.#log.info({ generation }, 'this Redis is the deployment’s first; it got an identity');
      return;
    }
    this.#log.warn(
      { generation, before },
      'this Redis was wiped, or is another one: it had no identity. It got one, and all fences are raised again',
    );
  }

  override databaseWentBack(sweep: number, rememberedSweep: number): void {
    super.databaseWentBack(sweep, rememberedSweep);
    this.#log.error(
      { sweep, rememberedSweep },
      'MySQL went back: it knows of fewer sweeps than Redis. It was restored from a backup or failed over to a lagging replica. The fences keep numbers from being handed out again; do not wipe Redis now',
    );
  }

  override swept(report: SweepReport): void {
    super.swept(report);
    if (report.unreadable > 0)
      this.#log.warn(
        { counters: report.unreadable, first: report.firstUnreadable },
        'fences in Redis were set by hand to what is none; their counters are refused until the keys are deleted',
      );
    if (report.mended > 0)
      this.#log.warn({ counters: report.mended }, 'counters that MySQL had set back are mended');
    else this.#log.debug(report, 'fences swept');
  }

  override fenceRefused(error: LeafcutterError): void {
    super.fenceRefused(error);
    if (this.#refused !== error.reason) this.#log.error({ reason: error.reason }, error.message);
    this.#refused = error.reason ?? '';
    this.onFenceRefused();
  }

  override fenceAgreed(): void {
    super.fenceAgreed();
    if (this.#refused !== '')
      this.#log.info('Redis is the deployment’s own again; segments and leases are granted');
    this.#refused = '';
  }

  guardFailed(err: unknown): void {
    this.#log.debug({ err }, 'the fence could not be looked after; it is tried again');
  }

  #noteLost(latest: string): void {
    const counters = (this.lostLately()?.counters ?? 0) + 1;
    this.#lost = { counters, latest, atMs: this.#clock.monotonic() };
  }

  #mayTell(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#minuteBegan >= 60_000) {
      this.#minuteBegan = now;
      this.#told = 0;
    }
    this.#told += 1;
    if (this.#told === TOLD_PER_MINUTE + 1)
      this.#log.warn('MySQL lost writes of more counters; see leafcutter_coordinator_lost_writes_total');
    return this.#told <= TOLD_PER_MINUTE;
  }
}
