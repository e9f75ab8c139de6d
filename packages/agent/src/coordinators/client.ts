import type { Clock } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { layoutFingerprint, type SnowflakeLayout } from '@leafcutter/shared/layout';
import { keyMark, OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { SHAPES } from '@leafcutter/shared/shape';
import { calling } from '@leafcutter/shared/tracing';
import {
  type DecodeAnswer,
  type DecodeRequest,
  decodeAnswer,
  type LeaseRequest,
  leaseAnswer,
  type RenewRequest,
  type ReportRequest,
  renewAnswer,
  reportAnswer,
  type SegmentRequest,
  segmentAnswer,
} from '@leafcutter/shared/wire';
import type { z } from 'zod';
import type { ReportTarget } from '../domain/reporting/reporter.ts';
import type { Demand, Segment, SegmentSource } from '../domain/segments/segment.ts';
import type { ClockWatch } from '../domain/snowflake/clock-watch.ts';
import type { GrantedLease, Lease, LeaseSource } from '../domain/snowflake/lease.ts';
import type { CoordinatorEndpoint } from './endpoint.ts';
import { readShape } from './read-shape.ts';

/** What the client needs of an endpoint. A simulation puts its own network behind it. */
type Endpoint = Pick<CoordinatorEndpoint, 'post' | 'close'>;

interface CallOptions<Answer> {
  /** Whether an answer is one to this call. */
  readonly isAsked?: (answer: Answer) => boolean;
  /** True if IDs go on without the store that the call is about: that one is away says nothing of the coordinators. */
  readonly needsNoStore?: boolean;
}

interface Identity {
  readonly agentId: string;
  readonly instanceId: string;
}

/**
 * The agent's side of the coordinators' HTTP API, over a list of coordinators. The one that answered last is asked
 * first. If it or its store cannot be reached, the next one is asked; each is asked at most once per call.
 */
export class CoordinatorClient implements SegmentSource, LeaseSource, ReportTarget {
  readonly #endpoints: readonly Endpoint[];
  readonly #identity: Identity;
  readonly #layout: string;
  readonly #clock: Clock;
  readonly #watch: ClockWatch;
  readonly #keys: OpaqueKeys;
  readonly #heard: (failure: LeafcutterError | undefined) => void;
  /** What this agent understands, sent with each request for a segment. */
  readonly #understands: readonly string[];
  /** Index of the coordinator that is asked first. Agents start at random ones, so that they spread. */
  #preferred: number;
  /** The deployment that answered first; any other one is refused. */
  #deploymentId: string | undefined;
  #wasServed = false;

  constructor(parts: {
    endpoints: readonly Endpoint[];
    identity: Identity;
    layout: SnowflakeLayout;
    clock: Clock;
    watch: ClockWatch;
    random: () => number;
    /** Default: none, so opaque tags are refused. */
    keys?: OpaqueKeys;
    /** Told of each call whether a coordinator served it, or refused it for good (undefined), or why none could. */
    heard?: (failure: LeafcutterError | undefined) => void;
  }) {
    this.#endpoints = parts.endpoints;
    this.#identity = parts.identity;
    this.#layout = layoutFingerprint(parts.layout);
    this.#clock = parts.clock;
    this.#watch = parts.watch;
    this.#heard = parts.heard ?? (() => undefined);
    this.#keys = parts.keys ?? new OpaqueKeys([]);
    const version = this.#keys.newest;
    const mark = version === undefined ? [] : [keyMark(version, this.#keys.checkValue(version) ?? '')];
    this.#understands = [SHAPES, ...mark];
    this.#preferred = Math.floor(parts.random() * parts.endpoints.length);
  }

  async fetchSegment(tag: string, demand: Demand): Promise<Segment> {
    const { lastSegment, aheadAtMs } = demand;
    const body: SegmentRequest = {
      ...this.#who,
      ratePerSecond: demand.ratePerSecond,
      waitingIds: demand.waitingIds,
      blockIds: demand.blockIds,
      understands: [...this.#understands],
      ...(lastSegment === undefined ? {} : { lastSegment: { ...lastSegment } }),
      ...(aheadAtMs === undefined ? {} : { agentTimeMs: aheadAtMs }),
    };
    const path = `/v1/tags/${encodeURIComponent(tag)}/segments`;
    const answer = await calling('refill', { 'leafcutter.tag': tag }, () =>
      this.#call(path, () => body, segmentAnswer, { isAsked: (segment) => segment.tag === tag }),
    );
    const numbers = { start: BigInt(answer.start), end: BigInt(answer.end) };
    return answer.shape === undefined
      ? numbers
      : { ...numbers, shape: readShape(tag, answer.shape, numbers, this.#keys) };
  }

  /**
   * The number behind an ID of a tag, and the tag that owns it: for a template, the tag of the day. @throws
   * TAG_UNKNOWN, BAD_REQUEST
   */
  async decode(tag: string, id: string): Promise<Omit<DecodeAnswer, 'deploymentId'>> {
    const body: DecodeRequest = { ...this.#who, id };
    const path = `/v1/tags/${encodeURIComponent(tag)}/decode`;
    const { deploymentId: _, ...decoded } = await this.#call(path, () => body, decodeAnswer);
    return decoded;
  }

  async grant(): Promise<GrantedLease> {
    const measured = this.#watch.begin();
    const body = (): LeaseRequest => ({
      ...this.#who,
      agentTimeMs: this.#clock.now(),
      layout: this.#layout,
    });
    const { machineId, from, to, heartbeatMs, coordinatorTimeMs } = await calling('lease grant', {}, () =>
      this.#call('/v1/leases', body, leaseAnswer),
    );
    measured(coordinatorTimeMs);
    return { machineId, from, to, heartbeatMs };
  }

  async renew(lease: Lease, extend: boolean): Promise<number> {
    const measured = this.#watch.begin();
    const body = (): RenewRequest => ({
      ...this.#who,
      agentTimeMs: this.#clock.now(),
      layout: this.#layout,
      to: lease.to,
      extend,
    });
    const about = { 'leafcutter.machine_id': lease.machineId, 'leafcutter.extend': extend };
    const answer = await calling('lease renew', about, () =>
      this.#call(`/v1/leases/${lease.machineId}/renew`, body, renewAnswer, { needsNoStore: !extend }),
    );
    measured(answer.coordinatorTimeMs);
    return answer.to;
  }

  async end(lease: Lease): Promise<void> {
    await this.#call(`/v1/leases/${lease.machineId}/end`, () => this.#who, undefined);
  }

  async report(report: ReportRequest): ReturnType<ReportTarget['report']> {
    const measured = this.#watch.begin();
    const answer = await this.#call('/v1/agents/report', () => report, reportAnswer);
    measured(answer.coordinatorTimeMs);
    return answer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }

  /** True once a coordinator served a call, or refused one for good. */
  get wasServed(): boolean {
    return this.#wasServed;
  }

  get #who(): { agentId: string; instanceId: string } {
    return { agentId: this.#identity.agentId, instanceId: this.#identity.instanceId };
  }

  /** `body` is made anew for each coordinator: after a silent one, the time in it would be seconds old. */
  async #call<T extends z.ZodType<{ deploymentId: string }>>(
    path: string,
    body: () => object,
    schema: T,
    options?: CallOptions<z.infer<T>>,
  ): Promise<z.infer<T>>;
  async #call(path: string, body: () => object, schema: undefined): Promise<void>;
  async #call<T extends z.ZodType<{ deploymentId: string }>>(
    path: string,
    body: () => object,
    schema: T | undefined,
    { isAsked = () => true, needsNoStore = false }: CallOptions<z.infer<T>> = {},
  ): Promise<unknown> {
    let failure: LeafcutterError | undefined;
    for (let offset = 0; offset < this.#endpoints.length; offset++) {
      const index = (this.#preferred + offset) % this.#endpoints.length;
      const endpoint = this.#endpoints[index];
      try {
        const answer = await endpoint?.post(path, body);
        const read = schema === undefined ? undefined : this.#read(answer, schema, isAsked);
        this.#served(index);
        return read;
      } catch (thrown) {
        const error = ofThisAgent(thrown);
        if (!anotherMayServe(error)) {
          this.#served(index);
          throw error;
        }
        // A coordinator's answer tells more than another one's silence.
        if (failure === undefined || isSilence(failure)) failure = error;
      }
    }
    failure ??= new LeafcutterError('COORDINATOR_UNAVAILABLE', 'No coordinator is configured.');
    if (!needsNoStore || !hasCode(failure, 'STORE_UNAVAILABLE')) this.#heard(failure);
    throw failure;
  }

  #served(index: number): void {
    this.#preferred = index;
    this.#wasServed = true;
    this.#heard(undefined);
  }

  #read<T extends z.ZodType<{ deploymentId: string }>>(
    answer: unknown,
    schema: T,
    isAsked: (answer: z.infer<T>) => boolean,
  ): z.infer<T> {
    const parsed = schema.safeParse(answer);
    if (!parsed.success || !isAsked(parsed.data)) {
      throw new LeafcutterError(
        'COORDINATOR_UNAVAILABLE',
        'A coordinator returned an answer that makes no sense; is it really a coordinator?',
        {
          reason: 'bad_answer',
          cause: parsed.error,
        },
      );
    }
    this.#deploymentId ??= parsed.data.deploymentId;
    if (parsed.data.deploymentId !== this.#deploymentId) {
      throw new LeafcutterError(
        'LAYOUT_MISMATCH',
        `A coordinator serves deployment ${parsed.data.deploymentId}, but this agent issues IDs for ${this.#deploymentId}. If the agent was moved on purpose, restart it.`,
        { reason: 'deployment' },
      );
    }
    return parsed.data;
  }
}

/**
 * If a coordinator refuses this agent's own token, that must not look as if it refused the caller's. The refusal is
 * not final: tokens are replaced at one service after the other. If the address does not exist, the coordinator is of
 * an earlier release, or it is no coordinator.
 */
function ofThisAgent(error: unknown): unknown {
  if (hasCode(error, 'NOT_FOUND')) {
    return new LeafcutterError(
      'VERSION_UNSUPPORTED',
      'A server at a coordinator’s address does not know this request. Either it is a coordinator of an earlier release, which must be upgraded first, or it is not a coordinator.',
      { reason: 'unknown_request', cause: error },
    );
  }
  if (hasCode(error, 'UNAUTHORIZED')) {
    return new LeafcutterError('COORDINATOR_UNAVAILABLE', 'A coordinator refused the token of this agent.', {
      reason: 'agent_token',
      cause: error,
    });
  }
  if (hasCode(error, 'FORBIDDEN') && error.reason === 'tag_scope') {
    return new LeafcutterError(
      'FORBIDDEN',
      'The coordinators do not allow this with the token of this agent.',
      { reason: 'agent_scope', cause: error },
    );
  }
  return error;
}

function isSilence({ code, reason }: LeafcutterError): boolean {
  return code === 'COORDINATOR_UNAVAILABLE' && reason !== 'agent_token';
}

/** True if this coordinator cannot serve now but another one may. */
function anotherMayServe(error: unknown): error is LeafcutterError {
  if (hasCode(error, 'COORDINATOR_UNAVAILABLE', 'STORE_UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL')) return true;
  if (hasCode(error, 'VERSION_UNSUPPORTED')) return true;
  if (hasCode(error, 'CLOCK_SKEWED')) return error.reason === 'coordinator';
  return hasCode(error, 'LAYOUT_MISMATCH') && error.reason === 'deployment';
}
