import { Redis } from 'ioredis';
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import { type FakeTime, fakeTime } from '../support/faketime.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { ArenaLoad } from './arena-load.ts';
import { type ArenaOptions, briskFlags, DEFAULT_TAGS, preloading } from './arena-options.ts';
import { LedgerMemory } from './ledger-memory.ts';

/** A coordinator, and its own lines to both stores. */
export interface CoordinatorPlace {
  readonly service: Service;
  readonly redis: TcpProxy;
  readonly mysql: TcpProxy;
}

/** An agent, and its own line to each coordinator. */
export interface AgentPlace {
  /** Tells agents apart, even if they share an agentId. */
  readonly label: string;
  readonly service: Service;
  readonly lines: readonly TcpProxy[];
  readonly clock: FakeTime | undefined;
}

const HOST = '127.0.0.1';
/**
 * Milliseconds between an answer and the next request. A full run draws as fast as the agents answer. A quick one
 * leaves the cores to what runs beside it: most of what a fault can break, it also breaks at a few hundred requests a
 * second.
 */
const FAST = { hot: 2, others: 0, batches: 4 };
const GENTLE = { hot: 10, others: 40, batches: 20 };

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
  /** An operator's own ways to the stores, without any proxy. */
  readonly operator: { readonly redis: Redis; readonly mysql: Pool };
  readonly ledger: LedgerMemory;
  readonly #stack: AsyncDisposableStack;
  /** Counted before they are up, so that agents that start at once get different names. */
  readonly #named = { agents: 0, coordinators: 0 };

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
    // If a later one does not start, those that did are ended.
    await using stack = new AsyncDisposableStack();
    const [redis, mariadb] = await Promise.all([startRedis(options.redis), startMariadb(options.mariadb)]);
    stack.use(redis);
    stack.use(mariadb);
    const operator = operatorOf(redis, mariadb);
    stack.defer(async () => {
      operator.redis.disconnect();
      await operator.mysql.end().catch(() => undefined);
    });
    const arena = new Arena(options, { redis, mariadb }, operator, stack.move());
    try {
      const { coordinators = 2, agents = 2, tags = DEFAULT_TAGS } = options;
      await Promise.all(Array.from({ length: coordinators }, () => arena.addCoordinator()));
      for (const [tag, fields] of Object.entries(tags)) await arena.createTag(tag, fields);
      await Promise.all(Array.from({ length: agents }, () => arena.addAgent()));
      return arena;
    } catch (error) {
      const last = [mariadb, redis].map(({ lines }) => lines.slice(-20).join('\n'));
      await arena[Symbol.asyncDispose]();
      throw new Error(['The arena did not start. Its servers last said:', ...last].join('\n'), {
        cause: error,
      });
    }
  }

  /** The tags, and `snowflake`. */
  get sources(): string[] {
    return [...Object.keys(this.options.tags ?? DEFAULT_TAGS), 'snowflake'];
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

  async addCoordinator(): Promise<CoordinatorPlace> {
    const { machineIds = 8, windowMs = 3_000, coordinatorFlags = [], coordinatorPreloads } = this.options;
    const number = ++this.#named.coordinators;
    const [redis, mysql] = await Promise.all([this.#line(this.redis.port), this.#line(this.mariadb.port)]);
    const service = await Service.start({
      pace: this.options.pace ?? 'product',
      kind: 'coordinator',
      main: this.options.main,
      name: `coordinator-${number}`,
      flags: [...briskFlags(windowMs, machineIds), ...coordinatorFlags],
      env: {
        LEAFCUTTER_MYSQL_URL: this.mariadb.url.replace(`:${this.mariadb.port}`, `:${mysql.port}`),
        LEAFCUTTER_REDIS_URL: `redis://${HOST}:${redis.port}`,
        ...preloading(coordinatorPreloads),
      },
    });
    this.#stack.defer(() => end(service));
    const place = { service, redis, mysql };
    this.coordinators.push(place);
    return place;
  }

  async addAgent(until: 'ready' | 'live' = 'ready'): Promise<AgentPlace> {
    const { clocks, twins, agentFlags = [], agentPreloads } = this.options;
    const label = `agent-${++this.#named.agents}`;
    const ports = this.coordinators.map(({ service }) => Number(new URL(service.url).port));
    const lines = await Promise.all(ports.map((port) => this.#line(port)));
    const clock = clocks ? this.#stack.use(await fakeTime()) : undefined;
    const service = await Service.start(
      {
        pace: this.options.pace ?? 'product',
        kind: 'agent',
        main: this.options.main,
        name: twins ? 'twin' : label,
        flags: [
          ...['--coordinators', lines.map(({ port }) => `http://${HOST}:${port}`).join(',')],
          // Sequences start at 0, so that two generators on one machine id cannot miss each other by luck.
          ...['--snowflake-enabled', '--snowflake-sequence-start-max', '0', '--report-interval-ms', '300'],
          ...agentFlags,
        ],
        env: { ...clock?.env, ...preloading(agentPreloads) },
      },
      until,
    );
    this.#stack.defer(() => end(service));
    const place = { label, service, lines, clock };
    this.agents.push(place);
    return place;
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
      // If it failed it may still hold locks.
      connection.destroy();
    }
  }

  /** Callers of single IDs and of batches for every source of an agent. */
  drawFrom({ label, service }: AgentPlace): void {
    const lane = { agent: label, url: service.url };
    const pace = this.options.fast === true || process.env.LEAFCUTTER_FULL === '1' ? FAST : GENTLE;
    for (const source of this.sources) {
      const often = source === 'deep' ? 4 : 2;
      void this.load.add({
        ...lane,
        source,
        count: 1,
        depth: often,
        paceMs: source === 'hot' ? pace.hot : pace.others,
      });
      if (this.options.singlesOnly?.includes(source)) continue;
      void this.load.add({
        ...lane,
        source,
        count: source === 'hot' ? 20 : 100,
        depth: 1,
        paceMs: pace.batches,
      });
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

  /** The load ends too. After a failed scenario it would otherwise go on for ever, beside the next scenarios. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.load.stop();
    await this.#stack.disposeAsync();
    await stopped;
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

/** At the end of an arena nobody waits for a drain. */
async function end(service: Service): Promise<void> {
  await service.process.kill();
}
