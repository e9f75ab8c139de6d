import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { eventLoopLag, WITHOUT_LAG_TIMER } from './event-loop-lag.ts';
import { catalogueOf, type MetricEntry } from './metric-catalogue.ts';

export type { Counter, Gauge } from 'prom-client';

/** Labels of a metric by name, with the values that it shows from the start; none if they aren't known beforehand. */
export type Labels = Readonly<Record<string, readonly string[]>>;

type Reading<T> = () => T | Promise<T>;

/** The text that Prometheus scrapes. */
export interface Scrape {
  readonly body: string;
  readonly contentType: string;
}

/** The metrics of one worker, for `mergeWorkers`. */
export type WorkerMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/**
 * Gauges of prom-client's that end in `_total` as only counters may: sums of `nodejs_active_resources`, `_handles` and
 * `_requests`, which a query can make itself.
 */
const MISNAMED_GAUGES = ['resources', 'handles', 'requests'].map((of) => `nodejs_active_${of}_total`);

/** The metrics of a service and of its process: the one place that knows prom-client. */
export class MetricSet {
  readonly #registry = new Registry();
  readonly #prefix: string;
  readonly #buckets: number[];

  /**
   * @param prefix of every name except those of the process
   * @param bucketsS upper bounds of the histograms' buckets, seconds
   */
  constructor(prefix: string, bucketsS: readonly number[]) {
    this.#prefix = prefix;
    this.#buckets = [...bucketsS];
    collectDefaultMetrics({ register: this.#registry, ...WITHOUT_LAG_TIMER });
    for (const name of MISNAMED_GAUGES) this.#registry.removeSingleMetric(name);
    this.#readEventLoopLag();
  }

  /** Gives every series the label `worker`: the number among the workers of a service. */
  nameWorker(worker: number): void {
    this.#registry.setDefaultLabels({ worker: String(worker) });
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = new Counter(this.#described(name, help, Object.keys(labels)));
    for (const series of seriesOf(labels)) counter.inc(series, 0);
    return counter;
  }

  /** A counter whose series are read at each scrape. */
  readCounter(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Iterable<readonly [Readonly<Record<string, string>>, number]>,
  ): void {
    new Counter({
      ...this.#described(name, help, labels),
      collect() {
        this.reset();
        for (const [series, count] of read()) this.inc(series, count);
      },
    });
  }

  gauge(name: string, help: string, ...labels: readonly string[]): Gauge {
    return new Gauge(this.#described(name, help, labels));
  }

  /** A gauge that is read at each scrape. A missing value is NaN, because 0 would be a value. */
  readGauge(name: string, help: string, read: Reading<number | undefined>): void {
    new Gauge({
      ...this.#described(name, help),
      async collect() {
        this.set((await read()) ?? Number.NaN);
      },
    });
  }

  /** A gauge that is read at each scrape: a number for each value of a label. */
  readGaugeBy(
    label: string,
    name: string,
    help: string,
    read: Reading<Iterable<readonly [string, number]>>,
  ): void {
    new Gauge({
      ...this.#described(name, help, [label]),
      async collect() {
        const values = await read();
        this.reset();
        for (const [value, number] of values) this.set({ [label]: value }, number);
      },
    });
  }

  histogram(name: string, help: string): Histogram {
    return new Histogram({ ...this.#described(name, help), buckets: this.#buckets });
  }

  /** All metrics, for docs/metrics.md. */
  get catalogue(): MetricEntry[] {
    return catalogueOf(this.#registry.getMetricsAsArray());
  }

  /** What this worker adds to the metrics of its service. */
  part(): Promise<WorkerMetrics> {
    return this.#registry.getMetricsAsJSON();
  }

  async scrape(): Promise<Scrape> {
    return { body: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #described(name: string, help: string, labels: readonly string[] = []) {
    return { name: this.#prefix + name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  /** In place of prom-client's own, under the same names. Read in their order, hence without awaiting anything. */
  #readEventLoopLag(): void {
    for (const { name, help, aggregator, read } of eventLoopLag()) {
      this.#registry.removeSingleMetric(name);
      new Gauge({
        name,
        help,
        aggregator,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    }
  }
}

/** The metrics of several workers as one text; their label `worker` keeps them apart. */
export async function mergeWorkers(parts: readonly WorkerMetrics[]): Promise<Scrape> {
  const merged = AggregatorRegistry.aggregate([...parts]);
  return { body: await merged.metrics(), contentType: merged.contentType };
}

/** Every combination of the values: a counter that begins at 0 in each shows its first rise, too. */
function seriesOf(labels: Labels): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (series, [name, values]) => series.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}
