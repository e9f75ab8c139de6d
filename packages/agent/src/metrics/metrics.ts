import { BoundedLabels, OTHER_LABEL } from '@leafcutter/shared/bounded-labels';
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
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BufferEvents, NameRefusal } from '../domain/segments/segment.ts';
import type { TagStatus } from '../domain/segments/tag-status.ts';
import type { Lease } from '../domain/snowflake/lease.ts';
import type { KeeperEvents, KeeperState } from '../domain/snowflake/lease-keeper.ts';
import type { GeneratorEvents } from '../domain/snowflake/snowflake-generator.ts';

const PREFIX = 'leafcutter_agent_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** How many tags get series of their own. */
const MAX_TAGS_SHOWN = 200;

/** The metric's names of the lease states. */
const LEASE_STATES: readonly KeeperState[] = ['asking', 'holding', 'replacing', 'ended'];
/**
 * Codes that can refuse a refill or a lease. Each has its series from the start, so that its first failure shows as a
 * rise.
 */
const SERVER_CODES = Object.entries(ERROR_CODES).flatMap(([code, { status }]) =>
  status >= 500 ? [code] : [],
);

/** The doors through which applications reach an agent. */
export type Door = 'http' | 'grpc' | 'leaf' | 'go-leaf' | 'tinyid' | 'resp';

/**
 * Why the HTTP door leaves a request to the HTTP server:
 * - `method`, `body`: it is no GET, or has a body.
 * - `address`: there is nothing at its address that is answered straight from the socket.
 * - `access`: its token or its host has to be judged.
 * - `browser`: so has the page on whose behalf it asks.
 * - `head`: its head is long, or not plain in its characters or fields.
 * - `framing`: where it ends is not plain, as with chunks, or the connection may become another.
 * - `last`: bytes follow, though it ends its connection.
 */
export type Handover = (typeof HANDOVERS)[number];
const HANDOVERS = ['address', 'access', 'body', 'browser', 'framing', 'head', 'last', 'method'] as const;

/** A count that is raised with each ID. A labelled counter would take longer than issuing does. */
export interface Tally {
  count: number;
}

/** The sources of the gauges, read at each scrape. */
export interface AgentReadings {
  tags(): readonly TagStatus[];
  /** Undefined if snowflake mode is off. */
  lease():
    | { readonly state: KeeperState; readonly windowRemainingMs: number; readonly issued: number }
    | undefined;
  clockOffsetMs(): number | undefined;
  /** Of the certificate shown to coordinators, or of that of the doors if that ends sooner; unix milliseconds. */
  certificateEndsAtMs(): number | undefined;
  tokens(): number;
  dependencies(): readonly Dependency[];
  logLinesDropped(): number;
}

/** The text that Prometheus scrapes. */
export interface Scrape {
  readonly body: string;
  readonly contentType: string;
}

/** The metrics of one worker, for `mergeWorkers`. */
export type WorkerMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** The metrics of several workers as one text; their label `worker` keeps them apart. */
export async function mergeWorkers(parts: readonly WorkerMetrics[]): Promise<Scrape> {
  const merged = AggregatorRegistry.aggregate([...parts]);
  return { body: await merged.metrics(), contentType: merged.contentType };
}

/** The agent's metrics: the one place that knows prom-client. */
export class AgentMetrics implements BufferEvents, KeeperEvents, GeneratorEvents {
  readonly #registry = new Registry();
  readonly #tags = new BoundedLabels(MAX_TAGS_SHOWN);
  /** By tag, mode and door. */
  readonly #tallies = new Map<string, Tally & { readonly labels: Record<'tag' | 'mode' | 'door', string> }>();
  /** IDs that the HTTP door answered straight from the socket. */
  readonly directAnswers: Tally = { count: 0 };
  readonly #discarded = this.#counter(
    'ids_discarded_total',
    'IDs granted to this agent that will never be issued, by reason. Granted and neither issued nor given up: refill_ids_total minus ids_issued_total of mode segment minus this without late and below_highest.',
    { reason: [] },
  );
  readonly #refill = this.#histogram(
    'refill_duration_seconds',
    'Time from asking for a segment to having it.',
  );
  readonly #refillSize = this.#counter('refill_ids_total', 'IDs in the segments fetched.');
  readonly #refillFailed = this.#counter('refill_failures_total', 'Refills that failed, by code.', {
    code: SERVER_CODES,
  });
  readonly #refillRetries = this.#counter(
    'refill_retries_total',
    'Refills tried again after one that failed.',
  );
  readonly #namesRefused = this.#counter(
    'names_refused_total',
    'Requests and calls for names that give no IDs: a coordinator said that there is no such tag or that it is retired (asked), it had said so lately (remembered), or too many names that were never served were asked for at once (crowded_out).',
    { how: [] },
  );
  readonly #reloads = this.#counter(
    'reloads_total',
    'Changed configurations that were taken over while running, or were wrong.',
    { result: [] },
  );
  readonly #waitTime = this.#histogram(
    'wait_seconds',
    'Time that callers waited because no ID was in memory.',
  );
  readonly #refused = this.#counter(
    'requests_refused_total',
    'Requests answered with an error, by code and door.',
    { code: [], door: [] },
  );
  readonly #connectionsEnded = this.#counter(
    'connections_ended_total',
    'Connections that a door refused for want of room (address_share, door_full), ended to make room (made_room), or ended because the client owed for too long what the reason says, by door and reason.',
    { door: [], reason: [] },
  );
  readonly #handovers = this.#counter(
    'http_handovers_total',
    'Requests that the HTTP door did not answer straight from the socket but left to the HTTP server, by reason: not a GET (method), with a body (body), at another address (address), a token or host to be judged (access), fields of browsers (browser), more bytes behind a request that ends its connection (last), a head that is long or not plain (head), chunks, upgrades or Expect (framing). For framing and most of head, the connection stays with the HTTP server.',
    { reason: HANDOVERS },
  );
  readonly #leases = this.#counter('leases_granted_total', 'Leases this agent was granted.');
  readonly #extensions = this.#counter('windows_extended_total', 'Windows of this agent that were extended.');
  readonly #heartbeat = this.#histogram('heartbeat_duration_seconds', 'Time that a heartbeat took.');
  readonly #leaseFailed = this.#counter(
    'lease_failures_total',
    'Lease calls that failed, by call and code.',
    { call: ['grant', 'renew'], code: SERVER_CODES },
  );
  readonly #rollbacks = this.#counter('clock_rollbacks_total', 'Times that the wall clock went back.');

  /** `worker`: the number among the workers of a service; it becomes a label of every series. */
  constructor(readings: AgentReadings, worker?: number) {
    if (worker !== undefined) this.#registry.setDefaultLabels({ worker: String(worker) });
    collectDefaultMetrics({ register: this.#registry, ...WITHOUT_LAG_TIMER });
    for (const name of MISNAMED_GAUGES) this.#registry.removeSingleMetric(name);
    this.#eventLoopLag();
    const tallies = this.#tallies;
    new Counter({
      name: `${PREFIX}ids_issued_total`,
      help: 'IDs issued, by tag, mode and door.',
      labelNames: ['tag', 'mode', 'door'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, count } of tallies.values()) this.inc(labels, count);
      },
    });
    const direct = this.directAnswers;
    new Counter({
      name: `${PREFIX}http_direct_answers_total`,
      help: 'IDs that the HTTP door answered straight from the socket, without the HTTP server.',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(direct.count);
      },
    });
    new Counter({
      name: `${PREFIX}log_lines_dropped_total`,
      help: 'Log lines that were dropped, because standard output took nothing: a full disk, or a pipe that nobody reads.',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(readings.logLinesDropped());
      },
    });
    this.#gauge('tokens', 'Tokens of applications that are valid now; 0 lets everyone in.', readings.tokens);
    this.#gauge('tags', 'Tags in memory.', () => readings.tags().length);
    this.#perTag(
      'runway_seconds',
      'Seconds until the local IDs of a tag run out at the present rate.',
      readings,
      (tag) => tag.runwaySeconds,
    );
    this.#perTag('ids_remaining', 'IDs of a tag in memory.', readings, (tag) => tag.remaining);
    this.#perTag('waiting_callers', 'Callers that wait for IDs of a tag.', readings, (tag) => tag.waiting);
    this.#leaseState(readings);
    this.#dependencyOk(readings);
    this.#gauge('window_remaining_seconds', 'Seconds left in the window of the lease; 0 without one.', () =>
      seconds(readings.lease()?.windowRemainingMs),
    );
    this.#gauge('lease_held', '1 while a lease is held and needs no replacement, else 0.', () => {
      const lease = readings.lease();
      return lease && Number(lease.state === 'holding');
    });
    this.#gauge('clock_offset_seconds', 'How far this clock is ahead of the coordinators.', () =>
      seconds(readings.clockOffsetMs()),
    );
    this.#gauge(
      'certificate_end_timestamp_seconds',
      'When the certificate for coordinators ends, or that of the doors if it ends sooner.',
      () => seconds(readings.certificateEndsAtMs()),
    );
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

  /** Where a door counts the IDs of a tag that it issues; there is one object per door, tag and mode. */
  tally(door: Door, mode: 'segment' | 'snowflake', tag: string): Tally {
    const labels = { tag: mode === 'snowflake' ? '' : this.#tags.labelOf(tag), mode, door };
    const key = JSON.stringify(labels);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { labels, count: 0 };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  reloaded(result: 'ok' | 'failed'): void {
    this.#reloads.inc({ result });
  }

  refused(error: LeafcutterError, door: Door): void {
    this.#refused.inc({ code: error.code, door });
  }

  handedOver(reason: Handover): void {
    this.#handovers.inc({ reason });
  }

  /** `reason`: one of a few words from the code, never a client's text. */
  connectionEnded(door: Door, reason: string): void {
    this.#connectionsEnded.inc({ door, reason });
  }

  refilled(_tag: string, segment: { start: bigint; end: bigint }, durationMs: number): void {
    this.#refill.observe(durationMs / 1000);
    this.#refillSize.inc(Number(segment.end - segment.start));
  }

  refillRetried(_tag: string): void {
    this.#refillRetries.inc();
  }

  refillFailed(_tag: string, error: LeafcutterError): void {
    this.#refillFailed.inc({ code: error.code });
  }

  discarded(_tag: string, ids: number, reason: string): void {
    this.#discarded.inc({ reason }, ids);
  }

  waited(_tag: string, waitedMs: number): void {
    this.#waitTime.observe(waitedMs / 1000);
  }

  nameRefused(how: NameRefusal): void {
    this.#namesRefused.inc({ how });
  }

  granted(_lease: Lease): void {
    this.#leases.inc();
  }

  extended(_lease: Lease): void {
    this.#extensions.inc();
  }

  heartbeat(durationMs: number): void {
    this.#heartbeat.observe(durationMs / 1000);
  }

  failed(call: 'grant' | 'renew', error: LeafcutterError): void {
    this.#leaseFailed.inc({ call, code: error.code });
  }

  clockWentBack(): void {
    this.#rollbacks.inc();
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

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name: PREFIX + name, help, buckets: SECONDS, registers: [this.#registry] });
  }

  /** A gauge that is read at each scrape. A missing value is NaN, because 0 would be a value. */
  #gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read() ?? Number.NaN);
      },
    });
  }

  #leaseState(readings: AgentReadings): void {
    new Gauge({
      name: `${PREFIX}lease_state`,
      help: '1 for the state that the lease is in, 0 for the others; no series if snowflake mode is off.',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        const lease = readings.lease();
        for (const state of lease === undefined ? [] : LEASE_STATES)
          this.set({ state }, Number(state === lease?.state));
      },
    });
  }

  #dependencyOk(readings: AgentReadings): void {
    new Gauge({
      name: `${PREFIX}dependency_ok`,
      help: '1 while what this agent depends on (coordinators, files, memory) is as it should be, 0 while it is not: /readyz says since when, the log says why.',
      labelNames: ['dependency'],
      registers: [this.#registry],
      collect() {
        for (const { name, ok } of readings.dependencies()) this.set({ dependency: name }, Number(ok));
      },
    });
  }

  #perTag(
    name: string,
    help: string,
    readings: AgentReadings,
    read: (tag: TagStatus) => number | null,
  ): void {
    const tags = this.#tags;
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: ['tag'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const status of readings.tags()) {
          const value = read(status);
          // A sum or minimum over the rest would mislead; `/v1/status` shows them.
          if (value !== null && tags.labelOf(status.tag) !== OTHER_LABEL)
            this.set({ tag: status.tag }, value);
        }
      },
    });
  }
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
