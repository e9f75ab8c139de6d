import { LeafcutterError } from '@leafcutter/shared/errors';
import {
  createPool,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type TypeCast,
} from 'mysql2/promise';
import { RETRY_REASONS } from './domain/store.ts';
import { mustGiveUpConnection, translateMysqlError } from './mysql-errors.ts';
import type { Row, SqlDriver, SqlSession, SqlValue } from './sql-driver.ts';

export interface MysqlOptions {
  /** `mysql://user:password@host:port/database`. */
  readonly url: string;
  readonly connectionLimit: number;
  /** How long one statement may take before its connection is given up, in milliseconds. */
  readonly statementTimeoutMs: number;
}

/** Transactions that may wait for a connection. */
const QUEUE_LIMIT = 1_000;

/**
 * Every session: strict, UTC, and giving up after seconds, so that a coordinator that is paused inside a transaction
 * keeps a tag's row no longer than that.
 */
const SESSION_SETUP = [
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO',
     time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 10, wait_timeout = 10`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** Below `wait_timeout`, so that the pool drops idle connections before the server does. */
const IDLE_TIMEOUT_MS = 5_000;

/** MySQL 8+ and MariaDB 10.6+ on mysql2. */
export function openMysql(options: MysqlOptions): SqlDriver {
  return new MysqlDriver(
    createPool({
      uri: options.url,
      connectionLimit: options.connectionLimit,
      // Below the limit, or mysql2 never looks for idle connections.
      maxIdle: Math.max(1, options.connectionLimit - 1),
      idleTimeout: IDLE_TIMEOUT_MS,
      queueLimit: QUEUE_LIMIT,
      connectTimeout: options.statementTimeoutMs,
      charset: 'utf8mb4',
      supportBigNumbers: true,
      bigNumberStrings: true,
      typeCast,
    }),
    options.statementTimeoutMs,
  );
}

class MysqlDriver implements SqlDriver {
  readonly forUpdate = ' FOR UPDATE';
  readonly nowMs = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';
  readonly insertIgnore = 'INSERT IGNORE';
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #prepared = new WeakSet<object>();

  constructor(pool: Pool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  bytewise(expression: string): string {
    return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
  }

  query(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#withConnection((connection) => this.#session(connection).query(sql, values));
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#withConnection((connection) => this.#session(connection).run(sql, values));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#withConnection(async (connection) => {
      const session = this.#session(connection);
      await session.run('START TRANSACTION');
      let result: T;
      try {
        result = await work(session);
      } catch (error) {
        await this.#rollback(connection, error);
        throw error;
      }
      try {
        await session.run('COMMIT');
      } catch (error) {
        // From here on it is not known whether the range is allocated, so it is nobody's (I4). A deadlock answer to
        // COMMIT (a failed certification on Galera) is the exception: the server says that it did not happen.
        if (error instanceof LeafcutterError && error.reason === RETRY_REASONS.deadlock) {
          await this.#rollback(connection, error);
          throw error;
        }
        throw new LeafcutterError('STORE_UNAVAILABLE', 'MySQL did not confirm a COMMIT.', {
          reason: RETRY_REASONS.commitUnclear,
          cause: error,
        });
      }
      return result;
    });
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }

  #session(connection: PoolConnection): SqlSession {
    const execute = async (sql: string, values: readonly SqlValue[] = []): Promise<unknown> => {
      try {
        const [result] = await connection.query({ sql, values: [...values], timeout: this.#timeoutMs });
        return result;
      } catch (error) {
        throw translateMysqlError(error);
      }
    };
    return {
      query: async (sql, values) => (await execute(sql, values)) as Row[],
      run: async (sql, values) => ((await execute(sql, values)) as ResultSetHeader).affectedRows,
    };
  }

  /** A connection that failed, or may still be inside a transaction, is never given back. */
  async #withConnection<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    try {
      if (!this.#prepared.has(connection.connection)) {
        for (const sql of SESSION_SETUP) await this.#session(connection).run(sql);
        this.#prepared.add(connection.connection);
      }
      const result = await work(connection);
      connection.release();
      return result;
    } catch (error) {
      if (mustGiveUpConnection(error)) connection.destroy();
      else connection.release();
      throw error;
    }
  }

  /** A connection of the pool, waited for no longer than a statement may take. One that comes later goes back. */
  async #connect(): Promise<PoolConnection> {
    const connecting = this.#pool.getConnection();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no connection came free in time')), this.#timeoutMs);
    });
    try {
      return await Promise.race([connecting, late]);
    } catch (error) {
      connecting.then(
        (connection) => connection.release(),
        () => undefined,
      );
      throw new LeafcutterError('STORE_UNAVAILABLE', 'MySQL cannot be reached.', {
        reason: 'unreachable',
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #rollback(connection: PoolConnection, cause: unknown): Promise<void> {
    if (mustGiveUpConnection(cause)) return;
    await connection.query({ sql: 'ROLLBACK', timeout: this.#timeoutMs }).catch(() => connection.destroy());
  }
}

/** Integers become bigint, texts UTF-8 whatever their column's charset, everything else stays as it is. */
const typeCast: TypeCast = (field, next) => {
  if (field.type === 'LONGLONG') {
    const text = field.string();
    return text === null ? null : BigInt(text);
  }
  if (field.type === 'VAR_STRING' || field.type === 'STRING' || field.type === 'BLOB') {
    return field.buffer()?.toString('utf8') ?? null;
  }
  return next();
};
