import { BoundedLabels } from '@leafcutter/shared/bounded-labels';
import type { Dependency } from '@leafcutter/shared/dependency';
import { ERROR_CODES, type LeafcutterError } from '@leafcutter/shared/errors';
import { eventLoopLag, WITHOUT_LAG_TIMER } from '@leafcutter/shared/event-loop-lag';
import {
  catalogueOf,
  type Labels,
  type MetricEntry,
  MISNAMED_GAUGES,
  seriesOf,
} from '@leafcutter/shared/metric-catalogue';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { UnfencedRefusal } from '../domain/allocation/allocate.ts';
import type { LostRange } from '../domain/allocation/lost-range.ts';
import type { CounterName } from '../domain/allocation/range.ts';
import type { SweepReport } from '../domain/fence-guard/sweep.ts';
import type { LeaseEvents } from '../domain/leases/leases.ts';
import type { SegmentEvents } from '../domain/segments/segments.ts';
import type { TrailEvents } from '../domain/tags/tags.ts';
import { TRAIL_ACTIONS, type TrailAction } from '../domain/trail/trail.ts';
import { JobMetrics } from '../jobs/job-metrics.ts';

const PREFIX = 'leafcutter_coordinator_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** How many tags get series of their own. */
const MAX_TAGS_SHOWN = 200;
const COUNTER_KINDS: readonly CounterName['kind'][] = ['tag', 'machine'];
const UNFENCED_REFUSALS: readonly UnfencedRefusal[] = ['unswept', 'too_long'];

/** Codes that are not the caller's own mistake. */
const SERVER_CODES = Object.entries(ERROR_CODES).flatMap(([code, { status }]) =>
  status >= 500 ? [code] : [],
);

/** A lock that nobody holds is had in one round trip; one that took longer than the first retry was somebody's. */
const CONTENDED_MS = 5;

/** Machine ids by what they are doing; see `census`. */
export type MachineIdCensus = Readonly<Record<'free' | 'held' | 'waiting', number>>;

/** The sources of the gauges, read at each scrape. */
export interface CoordinatorReadings {
  /** @throws STORE_UNAVAILABLE */
  census(): Promise<MachineIdCensus>;
  askStore(): Promise<'up' | 'down'>;
  /** Milliseconds until the timestamp bits of the snowflake layout run out. */
  timestampLeftMs(): number;
  /** How many tokens are valid, by kind. */
  tokens(): Readonly<Record<string, number>>;
  dependencies(): readonly Dependency[];
  logLinesDropped(): number;
}

/** The coordinator's metrics: the one place that knows prom-client. */
export class CoordinatorMetrics implements SegmentEvents, LeaseEvents, TrailEvents {
  readonly #registry = new Registry();
  readonly #tags = new BoundedLabels(MAX_TAGS_SHOWN);
  readonly #segments = this.#counter('segments_granted_total', 'Segments handed out, by tag.', { tag: [] });
  readonly #ids = this.#counter('ids_granted_total', 'IDs in the segments handed out, by tag.', { tag: [] });
  readonly #groups = this.#counter(
    'allocations_total',
    'Transactions that allocated segments; each serves all that wait for a tag.',
  );
  readonly #allocation = this.#histogram(
    'allocation_duration_seconds',
    'Time that one allocation of segments took at the stores.',
  );
  readonly #lockWait = this.#histogram(
    'lock_wait_seconds',
    'Time that a refill waited for the lock of its tag in Redis.',
  );
  readonly #lockContended = this.#counter(
    'lock_contended_total',
    'Refills that waited 5 ms or more for the lock of their tag: another coordinator held it, or Redis was slow.',
  );
  readonly #lockMissed = this.#counter(
    'lock_missed_total',
    'Refills that went on without the lock of their tag.',
  );
  readonly #fenceAhead = this.#counter(
    'fence_ahead_total',
    'Allocations whose fence or ledger remembered more than the counter.',
    { kind: COUNTER_KINDS },
  );
  readonly #unfenced = this.#counter(
    'unfenced_allocations_total',
    'Allocations made while Redis was away, or took no writes.',
    { kind: COUNTER_KINDS },
  );
  readonly #unfencedRefused = this.#counter(
    'unfenced_refusals_total',
    'Allocations refused while Redis was away or took no writes: MySQL may have forgotten something since the last sweep (unswept), or ranges went unfenced for redis.maxUnfencedS (too_long).',
    { kind: COUNTER_KINDS, reason: UNFENCED_REFUSALS },
  );
  readonly #lostWrites = this.#counter(
    'lost_writes_total',
    'Counters found behind what MySQL had committed: it was restored, failed over or edited.',
    { kind: COUNTER_KINDS },
  );
  readonly #unconfirmed = this.#counter(
    'unconfirmed_ranges_total',
    'Ranges passed over because nobody said that their COMMIT succeeded: it failed, or MySQL lost it at once.',
    { kind: COUNTER_KINDS },
  );
  readonly #databaseReplaced = this.#counter(
    'database_replaced_total',
    'Times that another MySQL answered than before, or one that was started again. A sweep follows each.',
  );
  readonly #databaseWentBack = this.#counter(
    'database_went_back_total',
    'Sweeps that found MySQL older than Redis. Anything but 0 is an alarm.',
  );
  readonly #trail = this.#counter(
    'trail_entries_total',
    'Changes that were made here and entered in the audit trail.',
    {
      action: TRAIL_ACTIONS,
    },
  );
  readonly #trailFailures = this.#counter(
    'trail_failures_total',
    'Changed configurations that could not be entered in the audit trail; the log has them.',
  );
  readonly #strange = this.#counter(
    'fence_strange_total',
    'Allocations refused because Redis was not the one that MySQL says.',
  );
  readonly #introduced = this.#counter(
    'redis_introduced_total',
    'Times that a Redis without identity, new or wiped, got one from here.',
  );
  readonly #fenceAgreed = this.#gauge(
    'redis_agreed',
    '1 while MySQL and Redis name one generation, 0 while this Redis is refused; no number if the coordinator is embedded.',
  );
  readonly #sweeps = this.#counter('sweeps_total', 'Sweeps of the fences done here.', { extent: [] });
  readonly #swept = this.#counter('swept_counters_total', 'Counters that sweeps here looked at.');
  readonly #mended = this.#counter(
    'mended_counters_total',
    'Counters that sweeps here raised above what MySQL had lost.',
  );
  readonly #sweptAt = this.#gauge(
    'last_sweep_timestamp_seconds',
    'When the last sweep here ended, unix time; see the largest of all coordinators.',
  );
  readonly #leases = this.#counter('leases_granted_total', 'Leases granted.');
  readonly #extensions = this.#counter('windows_extended_total', 'Windows extended.');
  readonly #registryAway = this.#counter(
    'lease_registry_failures_total',
    'Lease calls that Redis did not answer.',
  );
  readonly #errors = this.#counter('errors_total', 'Requests answered with an error, by code.', {
    code: SERVER_CODES,
  });
  readonly #reportsDropped = this.#counter(
    'agent_reports_dropped_total',
    'Reports of agents that are not shown: Redis did not take them (redis), rosterMaxMb is used up (full), or too many came at once (busy).',
    { reason: ['redis', 'full', 'busy'] },
  );
  readonly #reloads = this.#counter(
    'reloads_total',
    'Changed configurations that were taken over while running, or were wrong.',
    { result: [] },
  );
  readonly #redisUp = this.#gauge(
    'redis_up',
    '1 while Redis answers, 0 while its circuit is open; no number if the coordinator is embedded.',
  );
  /** When the certificate of the door ends, unix milliseconds; undefined without TLS. */
  certificateEndsAtMs: () => number | undefined = () => undefined;
  /** What the background jobs tell. */
  readonly jobs = new JobMetrics(this.#registry, PREFIX);

  constructor(readings: CoordinatorReadings) {
    const { census, askStore, timestampLeftMs, tokens, dependencies, logLinesDropped } = readings;
    collectDefaultMetrics({ register: this.#registry, ...WITHOUT_LAG_TIMER });
    for (const name of MISNAMED_GAUGES) this.#registry.removeSingleMetric(name);
    this.#eventLoopLag();
    this.#gauge(
      'store_up',
      '1 if the store of the counters, MySQL or the embedded database, answered this scrape, else 0.',
      async () => Number((await askStore()) === 'up'),
    );
    this.#gauge(
      'certificate_end_timestamp_seconds',
      'When the certificate of the HTTP door ends, unix time; no number without TLS.',
      () => (this.certificateEndsAtMs() ?? Number.NaN) / 1000,
    );
    this.#gauge(
      'timestamp_left_seconds',
      'Time until the timestamp bits of the snowflake layout run out.',
      () => timestampLeftMs() / 1000,
    );
    this.#gaugeBy(
      'kind',
      'tokens',
      'Tokens that are valid now, by kind (agent, admin, viewer; admins count as viewers, too); 0 lets everyone in.',
      tokens,
    );
    this.#gaugeBy(
      'dependency',
      'dependency_ok',
      '1 while what this coordinator depends on (store, redis, jobs, files, memory) does as it should, 0 while it does not: /readyz says since when, log and console say why.',
      () => Object.fromEntries(dependencies().map(({ name, ok }) => [name, Number(ok)])),
    );
    this.#gaugeBy(
      'state',
      'machine_ids',
      'Machine ids by state: free, held by a live lease, or waiting for their ceiling.',
      () => census().catch(() => ({})),
    );
    new Counter({
      name: `${PREFIX}log_lines_dropped_total`,
      help: 'Log lines that were dropped, because standard output took nothing: a full disk, or a pipe that nobody reads.',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(logLinesDropped());
      },
    });
  }

  /** All metrics, for docs/metrics.md. */
  get catalogue(): MetricEntry[] {
    return catalogueOf(this.#registry.getMetricsAsArray());
  }

  /** The text that Prometheus scrapes. */
  async scrape(): Promise<{ body: string; contentType: string }> {
    return { body: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  segmentsGranted(name: string, requests: number, ids: bigint, durationMs: number): void {
    const tag = this.#tags.labelOf(name);
    this.#segments.inc({ tag }, requests);
    this.#ids.inc({ tag }, Number(ids));
    this.#groups.inc();
    this.#allocation.observe(durationMs / 1000);
  }

  lockWaited(_tag: string, waitedMs: number, acquired: boolean): void {
    this.#lockWait.observe(waitedMs / 1000);
    if (waitedMs >= CONTENDED_MS) this.#lockContended.inc();
    if (!acquired) this.#lockMissed.inc();
  }

  counterBehind(name: CounterName): void {
    this.#fenceAhead.inc({ kind: name.kind });
  }

  unfenced(name: CounterName): void {
    this.#unfenced.inc({ kind: name.kind });
  }

  unfencedRefused({ kind }: CounterName, reason: UnfencedRefusal): void {
    this.#unfencedRefused.inc({ kind, reason });
  }

  writesLost({ kind }: CounterName, { committed }: LostRange): void {
    (committed ? this.#lostWrites : this.#unconfirmed).inc({ kind });
  }

  databaseReplaced(): void {
    this.#databaseReplaced.inc();
  }

  fenceStrange(): void {
    this.#strange.inc();
  }

  fenceIntroduced(_generation: string, _before: string | undefined): void {
    this.#introduced.inc();
  }

  databaseWentBack(_sweep: number, _rememberedSweep: number): void {
    this.#databaseWentBack.inc();
  }

  fenceRefused(_error: LeafcutterError): void {
    this.#fenceAgreed.set(0);
  }

  fenceAgreed(): void {
    this.#fenceAgreed.set(1);
  }

  swept({ extent, counters, mended }: SweepReport): void {
    this.#sweeps.inc({ extent });
    this.#swept.inc(counters);
    this.#mended.inc(mended);
    this.#sweptAt.setToCurrentTime();
  }

  reportDropped(reason: 'redis' | 'full' | 'busy'): void {
    this.#reportsDropped.inc({ reason });
  }

  leaseGranted(): void {
    this.#leases.inc();
  }

  windowExtended(): void {
    this.#extensions.inc();
  }

  registryAway(): void {
    this.#registryAway.inc();
  }

  failed(error: LeafcutterError): void {
    this.#errors.inc({ code: error.code });
  }

  trailNoted(action: TrailAction): void {
    this.#trail.inc({ action });
  }

  trailFailed(): void {
    this.#trailFailures.inc();
  }

  reloaded(result: 'ok' | 'failed'): void {
    this.#reloads.inc({ result });
  }

  redisUp(up: boolean | undefined): void {
    this.#redisUp.set(up === undefined ? Number.NaN : Number(up));
    if (up === undefined) this.#fenceAgreed.set(Number.NaN);
  }

  #eventLoopLag(): void {
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

  #counter(name: string, help: string, labels: Labels = {}): Counter {
    const labelNames = Object.keys(labels);
    const counter = new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
    for (const series of seriesOf(labels)) counter.inc(series, 0);
    return counter;
  }

  /** With `read`, asked at each scrape. */
  #gauge(name: string, help: string, read?: () => number | Promise<number>): Gauge {
    return new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      ...(read === undefined
        ? {}
        : {
            async collect() {
              this.set(await read());
            },
          }),
    });
  }

  /** Asked at each scrape: a number for each value of a label. */
  #gaugeBy(
    label: string,
    name: string,
    help: string,
    read: () => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>,
  ): void {
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      async collect() {
        const values = await read();
        this.reset();
        for (const [value, count] of Object.entries(values)) this.set({ [label]: value }, count);
      },
    });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name: PREFIX + name, help, buckets: SECONDS, registers: [this.#registry] });
  }
}
