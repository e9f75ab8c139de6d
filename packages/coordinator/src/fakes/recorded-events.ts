import type { LeaseEvents } from '../domain/leases.ts';
import { type CounterName, counterKey } from '../domain/range.ts';
import type { SegmentEvents } from '../domain/segments.ts';

/** What the arbiters told, for tests to look at. */
export class RecordedEvents implements SegmentEvents, LeaseEvents {
  readonly groups: { tag: string; requests: number; ids: bigint }[] = [];
  readonly ahead: { counter: string; by: bigint }[] = [];
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

  unfenced(name: CounterName): void {
    this.unfencedCounters.push(counterKey(name));
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
