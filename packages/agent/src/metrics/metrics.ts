import { BoundedLabels, OTHER_LABEL } from '@leafcutter/shared/bounded-labels';
import type { Dependency } from '@leafcutter/shared/dependency';
import { ERROR_CODES, type LeafcutterError } from '@leafcutter/shared/errors';
import type { MetricEntry } from '@leafcutter/shared/metric-catalogue';
import { MetricSet, type Scrape, type WorkerMetrics } from '@leafcutter/shared/metric-set';
import type { BufferEvents, NameRefusal } from '../domain/segments/segment.ts';
import type { TagStatus } from '../domain/segments/tag-status.ts';
import type { Lease } from '../domain/snowflake/lease.ts';
import type { KeeperEvents, KeeperState } from '../domain/snowflake/lease-keeper.ts';
import type { GeneratorEvents } from '../domain/snowflake/snowflake-generator.ts';

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

/** The agent's metrics. */
export class AgentMetrics implements BufferEvents, KeeperEvents, GeneratorEvents {
  readonly #set = new MetricSet('leafcutter_agent_', SECONDS);
  readonly #tags = new BoundedLabels(MAX_TAGS_SHOWN);
  /** By tag, mode and door. */
  readonly #tallies = new Map<string, Tally & { readonly labels: Record<'tag' | 'mode' | 'door', string> }>();
  /** IDs that the HTTP door answered straight from the socket. */
  readonly directAnswers: Tally = { count: 0 };
  readonly #discarded = this.#set.counter(
    'ids_discarded_total',
    'IDs granted to this agent that will never be issued, by reason. To get the IDs still held, subtract from refill_ids_total the ids_issued_total of mode segment and this metric without late and below_highest.',
    { reason: [] },
  );
  readonly #refill = this.#set.histogram(
    'refill_duration_seconds',
    'Time from requesting a segment to receiving it.',
  );
  readonly #refillSize = this.#set.counter('refill_ids_total', 'IDs in the segments fetched.');
  readonly #refillFailed = this.#set.counter('refill_failures_total', 'Refills that failed, by code.', {
    code: SERVER_CODES,
  });
  readonly #refillRetries = this.#set.counter('refill_retries_total', 'Refills retried after a failed one.');
  readonly #namesRefused = this.#set.counter(
    'names_refused_total',
    'Requests and calls for names that have no IDs: a coordinator said that the tag does not exist or is retired (asked), it had said so recently (remembered), or too many names that were never served were requested at once (crowded_out).',
    { how: [] },
  );
  readonly #reloads = this.#set.counter(
    'reloads_total',
    'Changed configurations that were applied while running, or were wrong.',
    { result: [] },
  );
  readonly #waitTime = this.#set.histogram(
    'wait_seconds',
    'Time that callers waited because no ID was in memory.',
  );
  readonly #refused = this.#set.counter(
    'requests_refused_total',
    'Requests answered with an error, by code and door.',
    { code: [], door: [] },
  );
  readonly #connectionsEnded = this.#set.counter(
    'connections_ended_total',
    'Connections that a door refused because it was full (address_share, door_full), closed to make room (made_room), or closed because the client took too long over what the reason names, by door and reason.',
    { door: [], reason: [] },
  );
  readonly #handovers = this.#set.counter(
    'http_handovers_total',
    'Requests that the HTTP door did not answer straight from the socket but left to the HTTP server, by reason: not a GET (method), with a body (body), at another address (address), a token or host to be judged (access), fields of browsers (browser), more bytes behind a request that ends its connection (last), a head that is long or not plain (head), chunks, upgrades or Expect (framing). For framing and most of head, the connection stays with the HTTP server.',
    { reason: HANDOVERS },
  );
  readonly #leases = this.#set.counter('leases_granted_total', 'Leases this agent was granted.');
  readonly #extensions = this.#set.counter(
    'windows_extended_total',
    'Windows of this agent that were extended.',
  );
  readonly #heartbeat = this.#set.histogram('heartbeat_duration_seconds', 'Time that a heartbeat took.');
  readonly #leaseFailed = this.#set.counter(
    'lease_failures_total',
    'Lease calls that failed, by call and code.',
    { call: ['grant', 'renew'], code: SERVER_CODES },
  );
  readonly #rollbacks = this.#set.counter('clock_rollbacks_total', 'Times that the wall clock went back.');

  /** `worker`: the number among the workers of a service; it becomes a label of every series. */
  constructor(readings: AgentReadings, worker?: number) {
    if (worker !== undefined) this.#set.nameWorker(worker);
    this.#set.readCounter(
      'ids_issued_total',
      'IDs issued, by tag, mode and door.',
      ['tag', 'mode', 'door'],
      () => Array.from(this.#tallies.values(), ({ labels, count }) => [labels, count] as const),
    );
    this.#set.readCounter(
      'http_direct_answers_total',
      'IDs that the HTTP door answered straight from the socket, without the HTTP server.',
      [],
      () => [[{}, this.directAnswers.count]],
    );
    this.#set.readCounter(
      'log_lines_dropped_total',
      'Log lines that were dropped because standard output accepted nothing: a full disk, or a pipe that nobody reads.',
      [],
      () => [[{}, readings.logLinesDropped()]],
    );
    this.#set.readGauge(
      'tokens',
      'Tokens of applications that are valid now; 0 lets everyone in.',
      readings.tokens,
    );
    this.#set.readGauge('tags', 'Tags in memory.', () => readings.tags().length);
    this.#perTag(
      'runway_seconds',
      'Seconds until the local IDs of a tag run out at the current rate.',
      readings,
      (tag) => tag.runwaySeconds,
    );
    this.#perTag('ids_remaining', 'IDs of a tag in memory.', readings, (tag) => tag.remaining);
    this.#perTag('waiting_callers', 'Callers waiting for IDs of a tag.', readings, (tag) => tag.waiting);
    this.#set.readGaugeBy(
      'state',
      'lease_state',
      '1 for the state that the lease is in, 0 for the others; no series if snowflake mode is off.',
      () => {
        const lease = readings.lease();
        return lease === undefined
          ? []
          : LEASE_STATES.map((state) => [state, Number(state === lease.state)] as const);
      },
    );
    this.#set.readGaugeBy(
      'dependency',
      'dependency_ok',
      '1 while what this agent depends on (coordinators, files, memory) is in order, otherwise 0: /readyz says since when, the log says why.',
      () => readings.dependencies().map(({ name, ok }) => [name, Number(ok)] as const),
    );
    this.#set.readGauge(
      'window_remaining_seconds',
      'Seconds left in the window of the lease; 0 without one.',
      () => seconds(readings.lease()?.windowRemainingMs),
    );
    this.#set.readGauge(
      'lease_held',
      '1 while a lease is held and needs no replacement, otherwise 0.',
      () => {
        const lease = readings.lease();
        return lease && Number(lease.state === 'holding');
      },
    );
    this.#set.readGauge('clock_offset_seconds', 'How far this clock is ahead of the coordinators.', () =>
      seconds(readings.clockOffsetMs()),
    );
    this.#set.readGauge(
      'certificate_end_timestamp_seconds',
      'When the certificate for coordinators expires, or that of the doors if it expires sooner.',
      () => seconds(readings.certificateEndsAtMs()),
    );
  }

  /** All metrics, for docs/metrics.md. */
  get catalogue(): MetricEntry[] {
    return this.#set.catalogue;
  }

  /** What this worker adds to the metrics of its service. */
  part(): Promise<WorkerMetrics> {
    return this.#set.part();
  }

  scrape(): Promise<Scrape> {
    return this.#set.scrape();
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

  #perTag(
    name: string,
    help: string,
    readings: AgentReadings,
    read: (tag: TagStatus) => number | null,
  ): void {
    this.#set.readGaugeBy('tag', name, help, () =>
      readings.tags().flatMap((status) => {
        const value = read(status);
        // A sum or minimum over the rest would mislead; `/v1/status` shows them.
        const shows = value !== null && this.#tags.labelOf(status.tag) !== OTHER_LABEL;
        return shows ? [[status.tag, value] as const] : [];
      }),
    );
  }
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
