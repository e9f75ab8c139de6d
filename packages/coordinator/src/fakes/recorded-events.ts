import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { LostRange } from '../domain/allocation/lost-range.ts';
import { type CounterName, counterKey } from '../domain/allocation/range.ts';
import type { GuardEvents } from '../domain/fence-guard/fence-guard.ts';
import type { SweepReport } from '../domain/fence-guard/sweep.ts';
import type { LeaseEvents } from '../domain/leases/leases.ts';
import type { SegmentEvents } from '../domain/segments/segments.ts';

/** The arbiters' events, for tests to look at. */
export class RecordedEvents implements SegmentEvents, LeaseEvents, GuardEvents {
  onFenceStrange: () => void = () => undefined;
  readonly groups: { tag: string; requests: number; ids: bigint }[] = [];
  readonly ahead: { counter: string; by: bigint }[] = [];
  readonly lost: ({ counter: string } & LostRange)[] = [];
  readonly unfencedRefusals: string[] = [];
  /** How often the fence was of another generation. */
  strangers = 0;
  readonly introduced: string[] = [];
  readonly wentBack: [number, number][] = [];
  readonly sweeps: SweepReport[] = [];
  readonly refusals: (string | undefined)[] = [];
  readonly guardErrors: unknown[] = [];
  readonly unfencedCounters: string[] = [];
  readonly lockWaits: { waitedMs: number; acquired: boolean }[] = [];
  readonly granted: number[] = [];
  readonly extended: number[] = [];
  readonly registryErrors: unknown[] = [];

  segmentsGranted(tag: string, requests: number, ids: bigint): void {
    this.groups.push({ tag, requests, ids });
  }

  counterBehind(name: CounterName, by: bigint): void {
    this.ahead.push({ counter: counterKey(name), by });
  }

  writesLost(name: CounterName, lost: LostRange): void {
    this.lost.push({ counter: counterKey(name), ...lost });
  }

  fenceStrange(): void {
    this.strangers++;
    this.onFenceStrange();
  }

  fenceIntroduced(generation: string): void {
    this.introduced.push(generation);
  }

  databaseWentBack(sweep: number, rememberedSweep: number): void {
    this.wentBack.push([sweep, rememberedSweep]);
  }

  swept(report: SweepReport): void {
    this.sweeps.push(report);
  }

  fenceRefused(error: LeafcutterError): void {
    this.refusals.push(error.reason);
  }

  fenceAgreed(): void {
    // Reported with every look.
  }

  guardFailed(error: unknown): void {
    this.guardErrors.push(error);
  }

  unfenced(name: CounterName): void {
    this.unfencedCounters.push(counterKey(name));
  }

  unfencedRefused(name: CounterName): void {
    this.unfencedRefusals.push(counterKey(name));
  }

  lockWaited(_tag: string, waitedMs: number, acquired: boolean): void {
    this.lockWaits.push({ waitedMs, acquired });
  }

  leaseGranted(machineId: number): void {
    this.granted.push(machineId);
  }

  windowExtended(machineId: number): void {
    this.extended.push(machineId);
  }

  registryAway(error: unknown): void {
    this.registryErrors.push(error);
  }
}
