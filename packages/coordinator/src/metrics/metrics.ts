import { BoundedLabels } from '@leafcutter/shared/bounded-labels';
import type { Dependency } from '@leafcutter/shared/dependency';
import { ERROR_CODES, type LeafcutterError } from '@leafcutter/shared/errors';
import type { MetricEntry } from '@leafcutter/shared/metric-catalogue';
import { MetricSet, type Scrape } from '@leafcutter/shared/metric-set';
import type { UnfencedRefusal } from '../domain/allocation/allocate.ts';
import type { LostRange } from '../domain/allocation/lost-range.ts';
import type { CounterName } from '../domain/allocation/range.ts';
import type { SweepReport } from '../domain/fence-guard/sweep.ts';
import type { LeaseEvents } from '../domain/leases/leases.ts';
import type { SegmentEvents } from '../domain/segments/segments.ts';
import type { TrailEvents } from '../domain/tags/tags.ts';
import { TRAIL_ACTIONS, type TrailAction } from '../domain/trail/trail.ts';
import { JobMetrics } from '../jobs/job-metrics.ts';

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

/** The coordinator's metrics. */
export class CoordinatorMetrics implements SegmentEvents, LeaseEvents, TrailEvents {
  readonly #set = new MetricSet('leafcutter_coordinator_', SECONDS);
  readonly #tags = new BoundedLabels(MAX_TAGS_SHOWN);
  readonly #segments = this.#set.counter('segments_granted_total', 'Segments handed out, by tag.', {
    tag: [],
  });
  readonly #ids = this.#set.counter('ids_granted_total', 'IDs in the segments handed out, by tag.', {
    tag: [],
  });
  readonly #groups = this.#set.counter(
    'allocations_total',
    'Transactions that allocated segments; each serves all requests waiting for a tag.',
  );
  readonly #allocation = this.#set.histogram(
    'allocation_duration_seconds',
    'Time that the stores took for one allocation of segments.',
  );
  readonly #lockWait = this.#set.histogram(
    'lock_wait_seconds',
    'Time that a refill waited for the lock of its tag in Redis.',
  );
  readonly #lockContended = this.#set.counter(
    'lock_contended_total',
    'Refills that waited 5 ms or more for the lock of their tag: another coordinator held it, or Redis was slow.',
  );
  readonly #lockMissed = this.#set.counter(
    'lock_missed_total',
    'Refills that went on without the lock of their tag.',
  );
  readonly #fenceAhead = this.#set.counter(
    'fence_ahead_total',
    'Allocations whose fence or ledger remembered more than the counter.',
    { kind: COUNTER_KINDS },
  );
  readonly #unfenced = this.#set.counter(
    'unfenced_allocations_total',
    'Allocations made while Redis was down or accepted no writes.',
    { kind: COUNTER_KINDS },
  );
  readonly #unfencedRefused = this.#set.counter(
    'unfenced_refusals_total',
    'Allocations refused while Redis was down or accepted no writes: MySQL may have forgotten something since the last sweep (unswept), or ranges were granted unfenced for redis.maxUnfencedS (too_long).',
    { kind: COUNTER_KINDS, reason: UNFENCED_REFUSALS },
  );
  readonly #lostWrites = this.#set.counter(
    'lost_writes_total',
    'Counters found behind what MySQL had committed: it was restored, failed over or edited.',
    { kind: COUNTER_KINDS },
  );
  readonly #unconfirmed = this.#set.counter(
    'unconfirmed_ranges_total',
    'Ranges skipped because their COMMIT was never confirmed: it failed, or MySQL lost it at once.',
    { kind: COUNTER_KINDS },
  );
  readonly #databaseReplaced = this.#set.counter(
    'database_replaced_total',
    'Times that a different MySQL answered, or one that had been restarted. A sweep follows each.',
  );
  readonly #databaseWentBack = this.#set.counter(
    'database_went_back_total',
    'Sweeps that found MySQL older than Redis. Anything but 0 is an alarm.',
  );
  readonly #trail = this.#set.counter(
    'trail_entries_total',
    'Changes made here and entered in the audit trail.',
    {
      action: TRAIL_ACTIONS,
    },
  );
  readonly #trailFailures = this.#set.counter(
    'trail_failures_total',
    'Changed configurations that could not be entered in the audit trail; the log has them.',
  );
  readonly #strange = this.#set.counter(
    'fence_strange_total',
    'Allocations refused because Redis was not the one that MySQL names.',
  );
  readonly #introduced = this.#set.counter(
    'redis_introduced_total',
    'Times that a Redis without identity, new or wiped, got one from here.',
  );
  readonly #fenceAgreed = this.#set.gauge(
    'redis_agreed',
    '1 while MySQL and Redis name one generation, 0 while this Redis is refused; no number if the coordinator is embedded.',
  );
  readonly #sweeps = this.#set.counter('sweeps_total', 'Sweeps of the fences done here.', { extent: [] });
  readonly #swept = this.#set.counter('swept_counters_total', 'Counters that sweeps here checked.');
  readonly #mended = this.#set.counter(
    'mended_counters_total',
    'Counters that sweeps here raised above what MySQL had lost.',
  );
  readonly #sweptAt = this.#set.gauge(
    'last_sweep_timestamp_seconds',
    'When the last sweep here ended, unix time; see the largest of all coordinators.',
  );
  readonly #leases = this.#set.counter('leases_granted_total', 'Leases granted.');
  readonly #extensions = this.#set.counter('windows_extended_total', 'Windows extended.');
  readonly #registryAway = this.#set.counter(
    'lease_registry_failures_total',
    'Lease calls that Redis did not answer.',
  );
  readonly #errors = this.#set.counter('errors_total', 'Requests answered with an error, by code.', {
    code: SERVER_CODES,
  });
  readonly #reportsDropped = this.#set.counter(
    'agent_reports_dropped_total',
    'Reports of agents that are not shown: Redis did not accept them (redis), rosterMaxMb is used up (full), or too many came at once (busy).',
    { reason: ['redis', 'full', 'busy'] },
  );
  readonly #reloads = this.#set.counter(
    'reloads_total',
    'Changed configurations that were applied while running, or were wrong.',
    { result: [] },
  );
  readonly #redisUp = this.#set.gauge(
    'redis_up',
    '1 while Redis answers, 0 while its circuit is open; no number if the coordinator is embedded.',
  );
  /** When the certificate of the door ends, unix milliseconds; undefined without TLS. */
  certificateEndsAtMs: () => number | undefined = () => undefined;
  /** What the background jobs tell. */
  readonly jobs = new JobMetrics(this.#set);

  constructor(readings: CoordinatorReadings) {
    const { census, askStore, timestampLeftMs, tokens, dependencies, logLinesDropped } = readings;
    this.#set.readGauge(
      'store_up',
      '1 if the store of the counters, MySQL or the embedded database, answered this scrape, otherwise 0.',
      async () => Number((await askStore()) === 'up'),
    );
    this.#set.readGauge(
      'certificate_end_timestamp_seconds',
      'When the certificate of the HTTP door expires, unix time; no number without TLS.',
      () => (this.certificateEndsAtMs() ?? Number.NaN) / 1000,
    );
    this.#set.readGauge(
      'timestamp_left_seconds',
      'Time until the timestamp bits of the snowflake layout run out.',
      () => timestampLeftMs() / 1000,
    );
    this.#set.readGaugeBy(
      'kind',
      'tokens',
      'Tokens that are valid now, by kind (agent, admin, viewer; admins count as viewers, too); 0 lets everyone in.',
      () => Object.entries(tokens()),
    );
    this.#set.readGaugeBy(
      'dependency',
      'dependency_ok',
      '1 while what this coordinator depends on (store, redis, jobs, files, memory) is in order, otherwise 0: /readyz says since when, log and console say why.',
      () => dependencies().map(({ name, ok }) => [name, Number(ok)] as const),
    );
    this.#set.readGaugeBy(
      'state',
      'machine_ids',
      'Machine ids by state: free, held by a live lease, or waiting for their ceiling.',
      () => census().then(Object.entries<number>, () => []),
    );
    this.#set.readCounter(
      'log_lines_dropped_total',
      'Log lines that were dropped because standard output accepted nothing: a full disk, or a pipe that nobody reads.',
      [],
      () => [[{}, logLinesDropped()]],
    );
  }

  /** All metrics, for docs/metrics.md. */
  get catalogue(): MetricEntry[] {
    return this.#set.catalogue;
  }

  /** The text that Prometheus scrapes. */
  scrape(): Promise<Scrape> {
    return this.#set.scrape();
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
}
