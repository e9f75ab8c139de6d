import { randomUUID } from 'node:crypto';
import type { Issued } from '@leafcutter/cli/verify/history';
import { LOST_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { Redis } from 'ioredis';
import { ReplicatedMariadb } from '../support/mariadb-replica.ts';
import { metric } from '../support/metric.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';
import { type Preload, preloading } from './arena-options.ts';
import { listRepeats } from './list-repeats.ts';

export const STEP = 1_000;
/** IDs of one draw: so few that no agent fetches ahead, and each draws from the one segment that it was granted. */
const DRAWN = 5;
const COORDINATORS = 2;
const FENCES = 'leafcutter:{fence}:';
const IDENTITY = `${FENCES}identity`;

export interface LostWriteOptions {
  /** Agents to begin with; default none. */
  readonly agents?: number;
  readonly coordinatorFlags?: readonly string[];
  readonly coordinatorPreloads?: readonly Preload[];
  readonly agentFlags?: readonly string[];
  /** Gives the coordinators a list of hosts instead of one address that leads to the present primary. */
  readonly listHosts?: boolean;
}

type Parts = Pick<LostWriteArena, 'mysql' | 'redis' | 'redisClient' | 'coordinators'>;

/** A coordinator's answer. */
export interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
}

/**
 * An asynchronous pair of MariaDBs, a Redis, two coordinators, and agents that are drawn from by hand. So MySQL loses
 * exactly the last write of each counter.
 */
export class LostWriteArena implements AsyncDisposable {
  readonly mysql: ReplicatedMariadb;
  readonly redis: RedisServer;
  /** An operator's own way to Redis. */
  readonly redisClient: Redis;
  readonly coordinators: readonly Service[];
  readonly agents: Service[] = [];
  /** Everything that was issued. */
  readonly draws: Issued[] = [];
  readonly #options: LostWriteOptions;
  readonly #stack: AsyncDisposableStack;
  #tagsNamed = 0;
  #agentsNamed = 0;

  private constructor(parts: Parts, options: LostWriteOptions, stack: AsyncDisposableStack) {
    this.mysql = parts.mysql;
    this.redis = parts.redis;
    this.redisClient = parts.redisClient;
    this.coordinators = parts.coordinators;
    this.#options = options;
    this.#stack = stack;
  }

  static async start(options: LostWriteOptions = {}): Promise<LostWriteArena> {
    await using stack = new AsyncDisposableStack();
    const [mysql, redis] = await Promise.all([
      ReplicatedMariadb.start(),
      startRedis({ appendonly: true, args: ['--appendfsync', 'always'] }),
    ]);
    stack.use(mysql);
    stack.use(redis);
    const redisClient = stack.adopt(connect(redis), (client) => client.disconnect());
    const coordinators = await Promise.all(
      Array.from({ length: COORDINATORS }, async (_, number) =>
        stack.adopt(await startCoordinator(number, mysql, redis, options), end),
      ),
    );
    const arena = new LostWriteArena({ mysql, redis, redisClient, coordinators }, options, stack.move());
    try {
      await Promise.all(Array.from({ length: options.agents ?? 0 }, () => arena.addAgent()));
      return arena;
    } catch (error) {
      await arena[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts an agent with one coordinator: the first, third and so on with the first, the others with the second. */
  async addAgent(until: 'ready' | 'live' = 'ready'): Promise<void> {
    const number = this.#agentsNamed++;
    const url = this.coordinators[number % COORDINATORS]?.url ?? '';
    const flags = ['--coordinators', url, ...(this.#options.agentFlags ?? [])];
    const name = `agent-${number + 1}`;
    const service = await Service.start({ kind: 'agent', name, flags, pace: 'product' }, until);
    this.agents[number] = this.#stack.adopt(service, end);
  }

  /** Makes this many tags under names that no other has. */
  async makeTags(count: number): Promise<string[]> {
    const tags = Array.from({ length: count }, () => `tag-${String(++this.#tagsNamed).padStart(3, '0')}`);
    const make = async (tag: string) => {
      const { status } = await this.administer('/v1/tags', { tag, step: STEP });
      // An answer may have been lost.
      return status === 201 || status === 409;
    };
    for (const tag of tags)
      if (!(await poll(() => make(tag), PATIENCE_MS))) throw new Error(`${tag} cannot be made`);
    return tags;
  }

  /** An administrator's request to the first coordinator. */
  administer(path: string, body: object, method: 'POST' | 'PATCH' = 'POST'): Promise<Answer> {
    return send(method, `${this.coordinators[0]?.url}${path}`, body);
  }

  /** Asks a coordinator for a segment, like an agent that never issues from it. */
  askForSegment(coordinator: number, tag: string): Promise<Answer> {
    const url = `${this.coordinators[coordinator]?.url}/v1/tags/${tag}/segments`;
    return send('POST', url, { agentId: 'asker', instanceId: randomUUID(), ratePerSecond: 0, waitingIds: 1 });
  }

  /**
   * Draws a few IDs of each tag from an agent, again and again until it gets them. Resolves to the tags that gave
   * none.
   */
  async draw(agent: number, tags: readonly string[], patienceMs = PATIENCE_MS): Promise<string[]> {
    const service = this.agents[agent];
    if (service === undefined) throw new Error(`there is no agent ${agent}`);
    const drawn = await Promise.all(
      tags.map(async (tag) =>
        (await poll(() => this.#drawOnce(service, tag), patienceMs, 100)) ? [] : [tag],
      ),
    );
    return drawn.flat();
  }

  /** Draws snowflakes as fast as one caller can, for this long. Resolves to how many it got. */
  async drawSnowflakes(agent: number, forMs: number): Promise<number> {
    const service = this.agents[agent];
    if (service === undefined) throw new Error(`there is no agent ${agent}`);
    const end = performance.now() + forMs;
    let drawn = 0;
    while (performance.now() < end) {
      const ids = await this.#ask(service, 'snowflake', '/v1/snowflake?count=1000').catch(() => undefined);
      drawn += ids?.length ?? 0;
    }
    return drawn;
  }

  /** Waits until an agent has a lease, or knows that all machine ids are taken. */
  async leaseIsDecided(agent: number): Promise<void> {
    const decided = async () => {
      const response = await fetch(`${this.agents[agent]?.url}/v1/snowflake`);
      const text = await response.text();
      return response.ok || (JSON.parse(text) as Answer).code === 'MACHINE_IDS_EXHAUSTED';
    };
    if (!(await poll(decided, PATIENCE_MS, 100))) throw new Error('an agent hears nothing of a lease');
  }

  /** The IDs of these tags, or of all sources, that were issued twice. */
  repeats(tags?: readonly string[]): string[] {
    return listRepeats(this.draws.filter(({ source }) => tags?.includes(source) ?? true));
  }

  /** The number of the last sweep that MySQL and Redis know: undefined if one does not answer, or does not know. */
  async sweeps(): Promise<{ mysql: number; redis: number | undefined }> {
    const [row] = await this.mysql.query('SELECT sweep FROM leafcutter_deployment');
    const inRedis = await this.redisClient.hget(IDENTITY, 'sweep').catch(() => null);
    return { mysql: Number(row?.sweep), redis: inRedis === null ? undefined : Number(inRedis) };
  }

  /** Waits until a sweep ends, so that for a while none begins. */
  sweepEnds(): Promise<void> {
    return this.#sweepsEnd(1);
  }

  /** Waits until every coordinator has swept, and for a sweep that began after this call and saw both stores. */
  async swept(): Promise<void> {
    const before = await this.#sweepsDone();
    // One may be under way, which read the state before.
    await this.#sweepsEnd(2);
    const everyone = async () =>
      (await this.#sweepsDone()).every((done, index) => done > (before[index] ?? 0));
    if (!(await poll(everyone, PATIENCE_MS, 50))) throw new Error('a coordinator does not sweep');
  }

  /** Redis forgets every fence, and nothing shows that it did. */
  async forgetFences(): Promise<void> {
    const keys = await this.redisClient.keys(`${FENCES}*`);
    await this.redisClient.del(...keys.filter((key) => key !== IDENTITY));
  }

  /**
   * Remembers the fences in Redis now. Resolves to a function that takes Redis back there, like a replica that missed
   * the rest.
   */
  async rememberFences(): Promise<() => Promise<void>> {
    const keys = await this.redisClient.keys(`${FENCES}*`);
    const dumps = await Promise.all(keys.map((key) => this.redisClient.dumpBuffer(key)));
    return async () => {
      const transaction = this.redisClient.multi().del(...(await this.redisClient.keys(`${FENCES}*`)));
      for (const [index, key] of keys.entries()) transaction.restore(key, 0, dumps[index] ?? '');
      await transaction.exec();
    };
  }

  /** The sum of a metric over the coordinators. */
  metric(name: string): Promise<number> {
    return metric(name, ...this.coordinators);
  }

  /** Waits until every coordinator believes that Redis is away, or that it is there. */
  async redisIs(state: 'away' | 'there'): Promise<void> {
    const up = state === 'there' ? COORDINATORS : 0;
    if (!(await poll(async () => (await this.metric('leafcutter_coordinator_redis_up')) === up, PATIENCE_MS)))
      throw new Error(`coordinators do not find that Redis is ${state}`);
  }

  /** The ranges that the ledger says were lost, of these tags: `tag [start, end)`. */
  async lostRanges(tags: readonly string[]): Promise<string[]> {
    const rows = await this.mysql.query(
      'SELECT CAST(name AS CHAR) AS tag, range_start, range_end FROM leafcutter_ledger WHERE instance_id = ? AND name IN (?) ORDER BY name, range_start',
      [LOST_INSTANCE_ID, tags],
    );
    return rows.map(({ tag, range_start, range_end }) => rangeText(String(tag), range_start, range_end));
  }

  /** Takes the ranges that were lost, of these tags, out of the ledger. */
  async forgetLostRanges(tags: readonly string[]): Promise<void> {
    await this.mysql.query('DELETE FROM leafcutter_ledger WHERE instance_id = ? AND name IN (?)', [
      LOST_INSTANCE_ID,
      tags,
    ]);
  }

  /** The lost ranges of these tags that coordinators named in their logs, each once: `tag [start, end)`. */
  loggedRanges(tags: readonly string[]): string[] {
    const lines = this.coordinators.flatMap(({ process }) => process.lines);
    const told = lines.flatMap((line) => {
      const { tag, from, to, msg } = parsed(line);
      return tags.includes(tag ?? '') && msg?.includes('lost') ? [rangeText(tag ?? '', from, to)] : [];
    });
    return [...new Set(told)].sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** How many sweeps each coordinator has done. */
  #sweepsDone(): Promise<number[]> {
    return Promise.all(
      this.coordinators.map((service) =>
        metric('leafcutter_coordinator_sweeps_total', service).catch(() => 0),
      ),
    );
  }

  /** Waits for so many sweeps; when one is finished, both stores say its number. */
  async #sweepsEnd(count: number): Promise<void> {
    const begun = await this.sweeps();
    const least = Math.max(begun.mysql, begun.redis ?? 0) + count;
    const done = async () => {
      const { mysql, redis } = await this.sweeps();
      return mysql >= least && mysql === redis;
    };
    if (await poll(done, PATIENCE_MS, 20)) return;
    throw new Error(`no sweep ended: ${JSON.stringify(await this.sweeps())}`);
  }

  async #drawOnce(agent: Service, tag: string): Promise<boolean> {
    return (await this.#ask(agent, tag, `/v1/ids/${tag}?count=${DRAWN}`)) !== undefined;
  }

  async #ask(agent: Service, source: string, path: string): Promise<bigint[] | undefined> {
    const invokedNs = performance.now() * 1e6;
    const response = await fetch(agent.url + path, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    if (!response.ok) return undefined;
    // In these tests a shape is a letter before the number.
    const ids = text
      .trim()
      .split('\n')
      .map((line) => BigInt(line.replace(/^X/, '')));
    this.draws.push({ agent: agent.name, source, ids, invokedNs, completedNs: performance.now() * 1e6 });
    return ids;
  }
}

/** A range as texts of it are compared. */
export function rangeText(tag: string, start: unknown, end: unknown): string {
  return `${tag} [${start}, ${end})`;
}

function connect({ url }: RedisServer): Redis {
  const redis = new Redis(url, { retryStrategy: () => 50, commandTimeout: 500 });
  redis.on('error', () => undefined);
  return redis;
}

function startCoordinator(
  number: number,
  mysql: ReplicatedMariadb,
  redis: RedisServer,
  { coordinatorFlags = [], coordinatorPreloads, listHosts }: LostWriteOptions,
): Promise<Service> {
  const hosts = listHosts ? ['--mysql-other-hosts', `127.0.0.1:${mysql.replica.port}`] : [];
  const flags = ['--no-segment-adaptive-step', '--jobs-sweep-interval-s', '2', ...hosts, ...coordinatorFlags];
  const env = {
    LEAFCUTTER_MYSQL_URL: listHosts ? mysql.primary.url : mysql.url,
    LEAFCUTTER_REDIS_URL: redis.url,
    ...preloading(coordinatorPreloads),
  };
  // The product's own deadline: how fast it notices that Redis is away matters here.
  return Service.start({
    kind: 'coordinator',
    name: `coordinator-${number + 1}`,
    flags,
    env,
    pace: 'product',
  });
}

/** At the end nobody waits for a drain. */
async function end(service: Service): Promise<void> {
  await service.process.kill();
}

async function send(method: string, url: string, body: object): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { code, reason } = (await response.json()) as Partial<Answer>;
  return { status: response.status, ...(code && { code }), ...(reason && { reason }) };
}

function parsed(line: string): { tag?: string; from?: string; to?: string; msg?: string } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
