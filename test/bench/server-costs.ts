import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2/promise';
import type { MariadbServer } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import type { RedisServer } from '../support/redis-server.ts';
import type { Service } from '../support/service.ts';

/** What the kernel counts processor time in, on every Linux. */
const TICKS_PER_SECOND = 100;
/** Asked by the measurement itself, or once per connection. */
const NOT_COUNTED = new Set(['info', 'client', 'hello', 'command', 'config|get']);

interface RedisCommand {
  readonly calls: number;
  readonly usec: number;
}

/** What coordinator, Redis and MariaDB used between two readings. */
export interface Costs {
  readonly seconds: number;
  /** This process, which simulates the fleet. */
  readonly ownCpuS: number;
  /** All processes of the machine, including other people's. */
  readonly machineCpuS: number;
  readonly coordinatorCpuS: number;
  /** The longest that the coordinator's event loop stood still. */
  readonly pauseS: number;
  readonly redisCpuS: number;
  readonly mysqlCpuS: number;
  readonly redisCommands: ReadonlyMap<string, RedisCommand>;
  readonly mysqlStatements: number;
  readonly mysqlCommits: number;
}

/** What the ledger takes on disk, with its indexes. */
export interface LedgerSize {
  readonly rows: number;
  readonly bytesPerRow: number;
}

interface Servers {
  readonly coordinator: Service;
  readonly redis: RedisServer;
  readonly mariadb: MariadbServer;
}

/** Reads the counters of one coordinator and its stores, over connections that are kept: a reading must not take long. */
export class ServerCosts implements AsyncDisposable {
  readonly #servers: Servers;
  readonly #redis: Redis;
  readonly #mysql: Connection;

  private constructor(servers: Servers, mysql: Connection) {
    this.#servers = servers;
    this.#redis = new Redis(servers.redis.url);
    this.#mysql = mysql;
  }

  static async of(servers: Servers): Promise<ServerCosts> {
    return new ServerCosts(servers, await createConnection({ uri: servers.mariadb.url }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.#mysql.end();
  }

  /** The costs while `work` ran. */
  async during(work: () => Promise<unknown>): Promise<Costs> {
    const before = await this.#read();
    await work();
    const after = await this.#read();
    const commands = [...after.redisCommands].map(([name, { calls, usec }]) => {
      const old = before.redisCommands.get(name) ?? { calls: 0, usec: 0 };
      return [name, { calls: calls - old.calls, usec: usec - old.usec }] as const;
    });
    return {
      seconds: after.seconds - before.seconds,
      ownCpuS: after.ownCpuS - before.ownCpuS,
      machineCpuS: after.machineCpuS - before.machineCpuS,
      coordinatorCpuS: after.coordinatorCpuS - before.coordinatorCpuS,
      // It starts anew with each scrape, so the second scrape covers the time since the first.
      pauseS: after.pauseS,
      redisCpuS: after.redisCpuS - before.redisCpuS,
      mysqlCpuS: after.mysqlCpuS - before.mysqlCpuS,
      redisCommands: new Map(commands.filter(([, { calls }]) => calls > 0)),
      mysqlStatements: after.mysqlStatements - before.mysqlStatements,
      mysqlCommits: after.mysqlCommits - before.mysqlCommits,
    };
  }

  async ledgerSize(): Promise<LedgerSize> {
    await this.#query('ANALYZE TABLE leafcutter_ledger');
    const [count] = await this.#query('SELECT COUNT(*) AS n FROM leafcutter_ledger');
    const [size] = await this.#query(
      `SELECT DATA_LENGTH + INDEX_LENGTH AS n FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'leafcutter_ledger'`,
    );
    const rows = Number(count?.n);
    return { rows, bytesPerRow: Number(size?.n) / rows };
  }

  /** Bytes of memory that Redis uses for one key, by its own estimate; 0 if the key does not exist. */
  async redisBytes(key: string): Promise<number> {
    return (await this.#redis.memory('USAGE', key)) ?? 0;
  }

  async #read(): Promise<Costs> {
    const { coordinator, redis, mariadb } = this.#servers;
    const pauseS = await metric('nodejs_eventloop_lag_max_seconds', coordinator);
    const [info, status] = await Promise.all([
      this.#redis.info('commandstats'),
      this.#query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_commit')"),
    ]);
    const own = process.cpuUsage();
    const value = (name: string) => Number(status.find((row) => row.Variable_name === name)?.Value);
    return {
      seconds: performance.now() / 1_000,
      ownCpuS: (own.user + own.system) / 1e6,
      machineCpuS: busySeconds(),
      coordinatorCpuS: cpuSecondsOf(coordinator.process.pid),
      pauseS,
      redisCpuS: cpuSecondsOf(redis.pid),
      mysqlCpuS: cpuSecondsOf(mariadb.pid),
      redisCommands: commandsIn(info),
      mysqlStatements: value('Questions'),
      mysqlCommits: value('Com_commit'),
    };
  }

  async #query(sql: string): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#mysql.query(sql);
    return rows as Record<string, unknown>[];
  }
}

function commandsIn(info: string): Map<string, RedisCommand> {
  const lines = info.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm);
  const commands = [...lines].map(
    ([, name = '', calls, usec]) => [name, { calls: Number(calls), usec: Number(usec) }] as const,
  );
  return new Map(commands.filter(([name]) => !NOT_COUNTED.has(name)));
}

/** User and system time of a process, from the fields after its name, which may hold anything. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000;
}
