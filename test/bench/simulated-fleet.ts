import { randomUUID } from 'node:crypto';
import { LAYOUT_PRESETS, layoutFingerprint, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import type {
  BufferView,
  LeaseAnswer,
  LeaseRequest,
  RenewAnswer,
  RenewRequest,
  ReportRequest,
  SegmentRequest,
} from '@leafcutter/shared/wire';
import { type Dispatcher, Pool } from 'undici';

export const CONNECTIONS = 64;
const TAGS_PER_AGENT = 10;
const STEP = 1_000;
const REPORT_EVERY_MS = 15_000;

interface SimulatedAgent {
  readonly agentId: string;
  readonly instanceId: string;
  lease?: { readonly machineId: number; readonly from: number; to: number };
  /** Its report as JSON. Written once: writing it each time would cost this process more than the coordinator. */
  report?: string;
}

/**
 * What the coordinator sees of many agents: the calls of real ones over HTTP on loopback, through one bounded pool of
 * connections. Real agents would keep a connection each; what idle sockets cost is not measured here.
 */
export class SimulatedFleet {
  readonly #agents: readonly SimulatedAgent[];
  readonly #tags: readonly string[];
  readonly #pool: Pool;
  readonly #turns = new Turns(CONNECTIONS);
  readonly #layout = layoutFingerprint({
    ...LAYOUT_PRESETS['many-machines'],
    epochMs: TWITTER_EPOCH_MS,
    datacenterBits: 0,
  });

  constructor(url: string, agents: number, tags: readonly string[]) {
    this.#tags = tags;
    this.#agents = Array.from({ length: agents }, (_, n) => ({
      agentId: `pod-${n}`,
      instanceId: randomUUID(),
    }));
    this.#pool = new Pool(url, { connections: CONNECTIONS, headersTimeout: 5_000, bodyTimeout: 5_000 });
  }

  get tagsPerAgent(): number {
    return TAGS_PER_AGENT;
  }

  /** Agents among the first `count` that hold a lease. */
  leased(count: number): number {
    return this.#agents.slice(0, count).filter(({ lease }) => lease !== undefined).length;
  }

  isLeased(n: number): boolean {
    return this.#agent(n).lease !== undefined;
  }

  async createTags(): Promise<void> {
    for (const tag of this.#tags) await this.#send('/v1/tags', JSON.stringify({ tag, step: STEP }));
  }

  async takeLease(n: number): Promise<void> {
    const agent = this.#agent(n);
    const { agentId, instanceId } = agent;
    const { machineId, from, to } = await this.#post<LeaseAnswer>(
      '/v1/leases',
      (): LeaseRequest => ({ agentId, instanceId, agentTimeMs: Date.now(), layout: this.#layout }),
    );
    agent.lease = { machineId, from, to };
  }

  /** A heartbeat of the `n`-th agent; one without a lease has none to send. */
  async heartbeat(n: number, extend: boolean): Promise<void> {
    const { agentId, instanceId, lease } = this.#agent(n);
    if (lease === undefined) throw new Error('has no lease');
    const answer = await this.#post<RenewAnswer>(
      `/v1/leases/${lease.machineId}/renew`,
      (): RenewRequest => ({
        agentId,
        instanceId,
        agentTimeMs: Date.now(),
        layout: this.#layout,
        to: lease.to,
        extend,
      }),
    );
    lease.to = answer.to;
  }

  async report(n: number): Promise<void> {
    const agent = this.#agent(n);
    agent.report ??= JSON.stringify(this.#reportOf(n));
    await this.#send('/v1/agents/report', agent.report);
  }

  /** A refill by the `n`-th agent, of a segment that lasted as long as a settled tag's do, so that its size stays. */
  async refill(n: number, tag: string): Promise<void> {
    const { agentId, instanceId } = this.#agent(n);
    const body: SegmentRequest = {
      agentId,
      instanceId,
      ratePerSecond: 1,
      waitingIds: 0,
      blockIds: 0,
      lastSegment: { step: STEP, lastedMs: 20 * 60_000 },
    };
    await this.#send(`/v1/tags/${tag}/segments`, JSON.stringify(body));
  }

  /** The `which`-th tag of the `n`-th agent: fleets overlap in tags, and every tag has its share. */
  tagOf(n: number, which: number): string {
    const apart = Math.max(1, Math.floor(this.#tags.length / TAGS_PER_AGENT));
    return this.#tags[(n * 7 + which * apart) % this.#tags.length] ?? '';
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #agent(n: number): SimulatedAgent {
    const agent = this.#agents[n % this.#agents.length];
    if (agent === undefined) throw new Error('a fleet has at least one agent');
    return agent;
  }

  /** `body` is made when it is sent: an agent that waits for a connection here would have one of its own. */
  #post<T>(path: string, body: () => object): Promise<T> {
    return this.#turns.during(
      async () => (await (await this.#answer(path, JSON.stringify(body()))).json()) as T,
    );
  }

  /** As `#post`, for answers that nobody reads. */
  #send(path: string, body: string): Promise<void> {
    return this.#turns.during(async () => (await this.#answer(path, body)).dump());
  }

  async #answer(path: string, body: string): Promise<Dispatcher.ResponseData['body']> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.#pool.request({ method: 'POST', path, headers, body });
    if (response.statusCode < 400) return response.body;
    const { code } = (await response.body.json()) as { readonly code?: string };
    throw new Error(code ?? `status ${response.statusCode}`);
  }

  #reportOf(n: number): ReportRequest {
    const { agentId, instanceId, lease } = this.#agent(n);
    const names = Array.from({ length: TAGS_PER_AGENT }, (_, which) => this.tagOf(n, which));
    const window = lease === undefined ? null : { from: lease.from, to: lease.to };
    return {
      agentId,
      instanceId,
      version: 'bench',
      timeMs: Date.now(),
      clock: { offsetMs: 1, skewed: false },
      tags: names.map(bufferOf),
      snowflake: {
        state: 'holding',
        machineId: lease?.machineId ?? null,
        window,
        windowRemainingMs: 400_000,
        lastTimestampMs: Date.now(),
        issued: 1_000_000,
        lastError: null,
      },
      tagCount: TAGS_PER_AGENT,
      names,
      intervalMs: REPORT_EVERY_MS,
      leaving: false,
    };
  }
}

/** Lets so many work at once; who comes later waits, in order. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(free: number) {
    this.#free = free;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

function bufferOf(tag: string): BufferView {
  return {
    tag,
    current: { start: '10000001', end: '10001001', used: 400, size: STEP },
    next: { start: '20000001', end: '20001001', used: 0, size: STEP },
    prefetchAt: 100,
    remaining: 1_600,
    ratePerSecond: 1,
    runwaySeconds: 1_600,
    refill: 'idle',
    lastError: null,
    waiting: 0,
  };
}
