import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import { type FakeTime, fakeTime } from '../support/faketime.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { ArenaLoad } from './arena-load.ts';
import { LedgerMemory } from './ledger-memory.ts';

/** A module that a child process loads before Leafcutter: a guard taken off, or a handle for a nemesis. */
export interface Preload {
  /** File below this folder, for example `unguarded/window.ts`. */
  readonly file: string;
  /** Variables that it reads. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ArenaOptions {
  /** Default 2. */
  readonly coordinators?: number;
  /** Default 2. */
  readonly agents?: number;
  /** Machine ids there are; default 8. */
  readonly machineIds?: number;
  /** Length of every window, milliseconds; default 3,000. */
  readonly windowMs?: number;
  /** The tags and the steps of their segments; default one for which stores are asked often and one for which they are not. */
  readonly tags?: Readonly<
    Record<string, { readonly step: number; readonly start?: string; readonly highestId?: string }>
  >;
  readonly redis?: RedisOptions;
  /** Gives every agent a clock of its own, which `AgentPlace.clock` moves. */
  readonly clocks?: boolean;
  /** All agents have the same agentId. */
  readonly twins?: boolean;
  readonly coordinatorFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  readonly agentPreloads?: readonly Preload[];
  readonly coordinatorPreloads?: readonly Preload[];
}

/** A coordinator, and its own lines to both stores. */
export interface CoordinatorPlace {
  readonly service: Service;
  readonly redis: TcpProxy;
  readonly mysql: TcpProxy;
}

/** An agent, and its own line to each coordinator. */
export interface AgentPlace {
  /** Tells agents apart also where they share an agentId. */
  readonly label: string;
  readonly service: Service;
  readonly lines: readonly TcpProxy[];
  readonly clock: FakeTime | undefined;
}

const HOST = '127.0.0.1';
const TAGS = { hot: { step: 50 }, deep: { step: 20_000 } };
const FIRST_MACHINE_ID = 1;

/**
 * Stores, coordinators and agents as real processes, every connection between them through a proxy of its own, and
 * callers on every agent.
 */
export class Arena implements AsyncDisposable {
  readonly options: ArenaOptions;
  readonly redis: RedisServer;
  readonly mariadb: MariadbServer;
  readonly coordinators: CoordinatorPlace[] = [];
  readonly agents: AgentPlace[] = [];
  readonly load = new ArenaLoad();
  /** An operator's own ways to the stores, past all proxies. */
  readonly operator: { readonly redis: Redis; readonly mysql: Pool };
  readonly ledger: LedgerMemory;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    options: ArenaOptions,
    stores: { redis: RedisServer; mariadb: MariadbServer },
    operator: { redis: Redis; mysql: Pool },
    stack: AsyncDisposableStack,
  ) {
    this.options = options;
    this.redis = stores.redis;
    this.mariadb = stores.mariadb;
    this.operator = operator;
    this.ledger = new LedgerMemory(operator.mysql);
    this.#stack = stack;
  }

  static async start(options: ArenaOptions): Promise<Arena> {
    // What was started is ended where a later one does not start.
    await using stack = new AsyncDisposableStack();
    const [redis, mariadb] = await Promise.all([startRedis(options.redis), startMariadb()]);
    stack.use(redis);
    stack.use(mariadb);
    const operator = operatorOf(redis, mariadb);
    stack.defer(async () => {
      operator.redis.disconnect();
      await operator.mysql.end().catch(() => undefined);
    });
    const arena = new Arena(options, { redis, mariadb }, operator, stack.move());
    try {
      const { coordinators = 2, agents = 2, tags = TAGS } = options;
      await Promise.all(Array.from({ length: coordinators }, () => arena.addCoordinator()));
      for (const [tag, fields] of Object.entries(tags)) await arena.createTag(tag, fields);
      await Promise.all(Array.from({ length: agents }, () => arena.addAgent()));
      return arena;
    } catch (error) {
      await arena[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The tags, and `snowflake`. */
  get sources(): string[] {
    return [...Object.keys(this.options.tags ?? TAGS), 'snowflake'];
  }

  get #proxies(): TcpProxy[] {
    return [
      ...this.coordinators.flatMap(({ redis, mysql }) => [redis, mysql]),
      ...this.agents.flatMap(({ lines }) => lines),
    ];
  }

  get #services(): Service[] {
    return [...this.coordinators, ...this.agents].map(({ service }) => service);
  }

  /** Another Redis, which ends with the arena. */
  async startRedis(options: RedisOptions): Promise<RedisServer> {
    return this.#stack.use(await startRedis(options));
  }

  /** An operator's connection to another Redis. */
  connectRedis(url: string): Redis {
    return this.#stack.adopt(connectRedis(url), (redis) => redis.disconnect());
  }

  async addCoordinator(
    redisPort = this.redis.port,
    until: 'ready' | 'live' = 'ready',
  ): Promise<CoordinatorPlace> {
    const { machineIds = 8, windowMs = 3_000, coordinatorFlags = [], coordinatorPreloads } = this.options;
    const [redis, mysql] = await Promise.all([this.#line(redisPort), this.#line(this.mariadb.port)]);
    const service = await Service.start(
      {
        kind: 'coordinator',
        name: `coordinator-${this.coordinators.length + 1}`,
        flags: [
          ...['--no-segment-adaptive-step', '--jobs-audit-interval-s', '5'],
          ...['--snowflake-machine-id-range', `${FIRST_MACHINE_ID}-${FIRST_MACHINE_ID + machineIds - 1}`],
          ...['--snowflake-window-initial-ms', `${windowMs}`, '--snowflake-window-max-ms', `${windowMs}`],
          ...['--snowflake-heartbeat-ms', '300', '--snowflake-lease-ttl-ms', '1500'],
          ...coordinatorFlags,
        ],
        env: {
          LEAFCUTTER_MYSQL_URL: this.mariadb.url.replace(`:${this.mariadb.port}`, `:${mysql.port}`),
          LEAFCUTTER_REDIS_URL: `redis://${HOST}:${redis.port}`,
          ...preloading(coordinatorPreloads),
        },
      },
      until,
    );
    this.#stack.defer(() => end(service));
    const place = { service, redis, mysql };
    this.coordinators.push(place);
    return place;
  }

  async addAgent(
    until: 'ready' | 'live' = 'ready',
    preloads = this.options.agentPreloads,
  ): Promise<AgentPlace> {
    const { clocks, twins, agentFlags = [] } = this.options;
    const label = `agent-${this.agents.length + 1}`;
    const place = {
      label,
      lines: await Promise.all(
        this.coordinators.map(({ service }) => this.#line(Number(new URL(service.url).port))),
      ),
      clock: clocks ? this.#stack.use(await fakeTime()) : undefined,
    };
    // Its place is taken before it is up, so that agents that start at once do not share a label.
    const service = Service.start(
      {
        kind: 'agent',
        name: twins ? 'twin' : label,
        flags: [
          ...['--coordinators', place.lines.map(({ port }) => `http://${HOST}:${port}`).join(',')],
          // Sequences start at 0, so that two generators on one machine id cannot miss each other by luck.
          ...['--snowflake-enabled', '--snowflake-sequence-start-max', '0', '--report-interval-ms', '300'],
          ...agentFlags,
        ],
        env: { ...place.clock?.env, ...preloading(preloads) },
      },
      until,
    );
    const started = { ...place, service: await service };
    this.#stack.defer(() => end(started.service));
    this.agents.push(started);
    return started;
  }

  /** Stops an agent for good, without heal bringing it back. */
  async dismiss(agent: AgentPlace): Promise<void> {
    this.agents.splice(this.agents.indexOf(agent), 1);
    await agent.service.process.kill();
  }

  async createTag(tag: string, fields: object): Promise<void> {
    await this.administer('POST', '/v1/tags', { tag, ...fields });
  }

  /** An administrator's request to the first coordinator that answers it. */
  async administer(method: string, path: string, body: object): Promise<void> {
    let problem = 'there is no coordinator';
    for (const { service } of this.coordinators) {
      const response = await fetch(service.url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (response.ok) return;
      problem = `${response.status} ${await response.text()}`;
    }
    throw new Error(`${method} ${path}: ${problem}`);
  }

  /** Runs `work` in an operator's transaction on MySQL. */
  async transaction(work: (connection: PoolConnection) => Promise<void>): Promise<void> {
    const connection = await this.operator.mysql.getConnection();
    try {
      await connection.query('START TRANSACTION');
      await work(connection);
      await connection.query('COMMIT');
    } finally {
      // Where it failed it may still hold locks.
      connection.destroy();
    }
  }

  /** Callers of single IDs and of batches for every source of an agent. */
  drawFrom({ label, service }: AgentPlace): void {
    const lane = { agent: label, url: service.url };
    for (const source of this.sources) {
      const often = source === 'deep' ? 4 : 2;
      void this.load.add({ ...lane, source, count: 1, depth: often, paceMs: source === 'hot' ? 2 : 0 });
      void this.load.add({ ...lane, source, count: source === 'hot' ? 20 : 100, depth: 1, paceMs: 4 });
    }
  }

  /** Draws so many single IDs of a tag from an agent, and waits for them. */
  async drawSome({ label, service }: AgentPlace, tag: string, calls: number): Promise<void> {
    await this.load.add({ agent: label, url: service.url, source: tag, count: 1, depth: 1, calls });
  }

  /** Puts everything right: lines open, clocks true, processes running. What a nemesis started anew stays. */
  async heal(): Promise<void> {
    for (const { clock } of this.agents) clock?.set(0);
    for (const server of [this.redis, this.mariadb]) {
      await server.resume();
      if (!server.running) await server.restart();
    }
    for (const proxy of this.#proxies) {
      proxy.onChunk = () => 'pass';
      proxy.delay(0);
      await proxy.heal();
    }
    for (const service of this.#services) await service.process.resume();
    const dead = this.#services.filter((service) => !service.process.running);
    await Promise.all(dead.map((service) => service.restart('live')));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #line(port: number): Promise<TcpProxy> {
    return this.#stack.use(await TcpProxy.start({ target: { host: HOST, port } }));
  }
}

function operatorOf(redis: RedisServer, mariadb: MariadbServer): Arena['operator'] {
  const mysql = createPool({ uri: mariadb.url, supportBigNumbers: true, bigNumberStrings: true });
  return { redis: connectRedis(redis.url), mysql };
}

function connectRedis(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  return redis;
}

function preloading(preloads: readonly Preload[] = []): Record<string, string> {
  if (preloads.length === 0) return {};
  const imports = preloads.map(({ file }) => `--import=${fileURLToPath(new URL(file, import.meta.url))}`);
  return { NODE_OPTIONS: imports.join(' '), ...Object.assign({}, ...preloads.map(({ env }) => env)) };
}

/** At the end of an arena nobody waits for a drain. */
async function end(service: Service): Promise<void> {
  await service.process.kill();
}
