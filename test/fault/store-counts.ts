import { setTimeout as sleep } from 'node:timers/promises';
import { metric } from '../support/metric.ts';
import type { CoordinatorPlace } from './arena.ts';

const EVERY_MS = 250;
const METRICS = {
  fenceAhead: 'leafcutter_coordinator_fence_ahead_total',
  unfenced: 'leafcutter_coordinator_unfenced_allocations_total',
} as const;
type Count = keyof typeof METRICS;

/**
 * The coordinators' counts, over all their processes. A killed process takes its counters along, so they are read
 * again and again, and the last reading of each process counts. A killed one's last moments are missed.
 */
export class StoreCounts implements AsyncDisposable {
  readonly #coordinators: readonly CoordinatorPlace[];
  readonly #readings = new Map<number, Record<Count, number>>();
  readonly #reading: Promise<void>;
  #stopped = false;

  constructor(coordinators: readonly CoordinatorPlace[]) {
    this.#coordinators = coordinators;
    this.#reading = this.#readOn();
  }

  /** Reads for the last time. */
  async read(): Promise<Record<Count, number>> {
    this.#stopped = true;
    await this.#reading;
    await this.#readAll();
    const readings = [...this.#readings.values()];
    const sum = (count: Count) => readings.reduce((total, reading) => total + reading[count], 0);
    return { fenceAhead: sum('fenceAhead'), unfenced: sum('unfenced') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#reading;
  }

  async #readOn(): Promise<void> {
    while (!this.#stopped) {
      await this.#readAll();
      await sleep(EVERY_MS);
    }
  }

  async #readAll(): Promise<void> {
    await Promise.all(
      this.#coordinators.map(async ({ service }) => {
        const { pid } = service.process;
        const read = Promise.all([metric(METRICS.fenceAhead, service), metric(METRICS.unfenced, service)]);
        // A paused process would keep us waiting.
        const values = await Promise.race([read.catch(() => undefined), sleep(1_000)]);
        if (values) this.#readings.set(pid, { fenceAhead: values[0], unfenced: values[1] });
      }),
    );
  }
}
