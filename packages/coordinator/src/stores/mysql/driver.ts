import { LeafcutterError } from '@leafcutter/shared/errors';
import type { PoolConnection as CallbackConnection } from 'mysql2';
import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2/promise';
import { type LeftMs, RETRY_REASONS } from '../../domain/allocation/store.ts';
import type { Row, SqlDriver, SqlSession, SqlValue } from '../sql/driver.ts';
import type { StoreCall } from '../sql/serving.ts';
import { ConnectionLine } from './connection-line.ts';
import {
  mustGiveUpConnection,
  statementTimedOut,
  translateConnectError,
  translateMysqlError,
} from './errors.ts';
import { MysqlHosts, type MysqlOptions } from './hosts.ts';
import { MysqlIncarnation } from './incarnation.ts';
import { MysqlServing } from './serving.ts';
import { prepareSession } from './session.ts';

/**
 * A name may lead to another server by now. Under load no connection is ever idle, and as long as the old server answers, nothing
 * else ends them. Milliseconds.
 */
const MAX_CONNECTION_AGE_MS = 60_000;

/** MySQL 8+ and MariaDB 10.6+ on mysql2. @throws StartError if a file of `tls` cannot be read */
export function openMysql(options: MysqlOptions): SqlDriver {
  return new MysqlDriver(new MysqlHosts(options), options);
}

/** A connection that is ready for work: which server it leads to, and since when. */
interface Prepared {
  readonly incarnation: number;
  readonly sinceMs: number;
}

class MysqlDriver implements SqlDriver {
  readonly forUpdate = ' FOR UPDATE';
  readonly skipLocked = ' SKIP LOCKED';
  readonly nowMs = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';
  readonly insertIgnore = 'INSERT IGNORE';
  readonly #hosts: MysqlHosts;
  readonly #timeoutMs: number;
  readonly #serving: MysqlServing;
  readonly #maxAgeMs: number;
  readonly #prepared = new WeakMap<object, Prepared>();
  readonly #incarnation = new MysqlIncarnation(() => performance.now());
  readonly #line = new ConnectionLine((error) => this.#serving.crowded(error));
  #onReplaced: () => void = () => undefined;

  constructor(hosts: MysqlHosts, options: MysqlOptions) {
    const { statementTimeoutMs, maxConnectionAgeMs = MAX_CONNECTION_AGE_MS, trouble } = options;
    this.#hosts = hosts;
    this.#timeoutMs = statementTimeoutMs;
    this.#maxAgeMs = maxConnectionAgeMs;
    this.#serving = new MysqlServing(trouble);
  }

  get incarnation(): number {
    return this.#incarnation.number;
  }

  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  bytewise(expression: string): string {
    return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
  }

  query(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#withConnection((connection, call) => this.#session(connection, call).query(sql, values), {
      writes: false,
    });
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#withConnection((connection, call) => this.#session(connection, call).run(sql, values), {
      writes: true,
    });
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>, leftMs?: LeftMs): Promise<T> {
    const transact = async (connection: PoolConnection, call: StoreCall) => {
      const session = this.#session(connection, call);
      await session.run('START TRANSACTION');
      let result: T;
      try {
        result = await work(session);
      } catch (error) {
        await this.#rollback(connection, session, error);
        throw error;
      }
      try {
        await session.run('COMMIT');
      } catch (error) {
        // From here on nobody knows whether the range is allocated, so it is nobody's (I4). The exception is a
        // deadlock answer to COMMIT (a failed certification on Galera): the server says that it did not happen.
        if (error instanceof LeafcutterError && error.reason === RETRY_REASONS.deadlock) {
          await this.#rollback(connection, session, error);
          throw error;
        }
        throw new LeafcutterError('STORE_UNAVAILABLE', 'MySQL did not confirm a COMMIT.', {
          reason: RETRY_REASONS.commitUnclear,
          cause: error,
        });
      }
      return result;
    };
    return this.#withConnection(transact, { writes: true, leftMs });
  }

  async close(): Promise<void> {
    await this.#hosts.close();
  }

  #session(connection: PoolConnection, call: StoreCall): SqlSession {
    // Callbacks, because the promise API takes a stack trace for every call, which costs a tenth of a refill.
    const inner = connection.connection as unknown as CallbackConnection;
    const execute = (sql: string, values: readonly SqlValue[] = []): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const askedAtMs = performance.now();
        const end = (error: unknown, result?: unknown) => {
          clearTimeout(timer);
          call.statements += 1;
          call.tookMs += performance.now() - askedAtMs;
          if (error === null) resolve(result);
          else reject(translateMysqlError(error));
        };
        // The timeout of mysql2 itself outlives a connection that breaks, and keeps the process from ending.
        const timer = setTimeout(() => end(statementTimedOut()), this.#timeoutMs);
        inner.query({ sql, values: [...values] }, end);
      });
    return {
      query: async (sql, values) => (await execute(sql, values)) as Row[],
      run: async (sql, values) => ((await execute(sql, values)) as ResultSetHeader).affectedRows,
    };
  }

  /** A connection that failed, or may still be inside a transaction, is never given back. */
  async #withConnection<T>(
    work: (connection: PoolConnection, call: StoreCall) => Promise<T>,
    { writes, leftMs }: { readonly writes: boolean; readonly leftMs?: LeftMs | undefined },
  ): Promise<T> {
    const { pool } = this.#hosts;
    const call: StoreCall = { writes, statements: 0, tookMs: 0, leftMs: leftMs?.() };
    const begunAtMs = performance.now();
    try {
      const connection = await this.#connectNow(pool);
      call.tookMs = performance.now() - begunAtMs;
      try {
        if (!this.#prepared.has(connection.connection)) await this.#prepare(connection, call);
        const result = await work(connection, call);
        this.#giveBack(connection);
        this.#serving.served(call, leftMs?.());
        return result;
      } catch (error) {
        if (mustGiveUpConnection(error)) {
          this.#line.destroy(connection);
          this.#hosts.leave(pool);
        } else this.#line.release(connection);
        throw error;
      }
    } catch (error) {
      this.#serving.failed(error, call);
      throw error;
    }
  }

  #giveBack(connection: PoolConnection): void {
    const { sinceMs = 0 } = this.#prepared.get(connection.connection) ?? {};
    if (performance.now() - sinceMs < this.#maxAgeMs) this.#line.release(connection);
    else this.#line.destroy(connection);
  }

  async #prepare(connection: PoolConnection, call: StoreCall): Promise<void> {
    const session = this.#session(connection, call);
    const server = await prepareSession(session);
    // Before anything is read or granted here: from now on nothing goes unfenced until a sweep has seen this server.
    const replaced = await this.#incarnation.look(session, server);
    this.#prepared.set(connection.connection, {
      incarnation: this.#incarnation.number,
      sinceMs: performance.now(),
    });
    if (replaced) this.#onReplaced();
  }

  /**
   * A connection to the server that was found last. If an address moves, older connections may still lead to the
   * server before, which would go on answering from another truth.
   */
  async #connectNow(pool: Pool): Promise<PoolConnection> {
    for (;;) {
      const connection = await this.#connect(pool);
      const prepared = this.#prepared.get(connection.connection);
      if (prepared === undefined || prepared.incarnation === this.#incarnation.number) return connection;
      this.#line.destroy(connection);
    }
  }

  /** A connection of the pool, waited for no longer than a statement may take. One that comes later goes back. */
  async #connect(pool: Pool): Promise<PoolConnection> {
    const connecting = this.#line.take(pool);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no connection came free in time')), this.#timeoutMs);
    });
    try {
      return await Promise.race([connecting, late]);
    } catch (error) {
      connecting.then(
        (connection) => this.#line.release(connection),
        // Without a code it is the pool's own error: too many wait, or the pool was closed.
        (failure: { code?: string }) => failure.code !== undefined && this.#hosts.leave(pool),
      );
      throw translateConnectError(error, this.#hosts.areSeveral);
    } finally {
      clearTimeout(timer);
    }
  }

  async #rollback(connection: PoolConnection, session: SqlSession, cause: unknown): Promise<void> {
    if (mustGiveUpConnection(cause)) return;
    await session.run('ROLLBACK').catch(() => connection.destroy());
  }
}
