import { readMysqlUrl } from '@leafcutter/shared/store-url';
import { readTlsFiles, type TlsFiles } from '@leafcutter/shared/tls-files';
import { createPool, type Pool, type PoolOptions, type TypeCast } from 'mysql2/promise';

export interface MysqlOptions {
  /** As `readMysqlUrl` reads it. */
  readonly url: string;
  /** `host:port` of further hosts of the same database, in the order in which they are tried; default none. */
  readonly otherHosts?: readonly string[];
  /** `enabled` counts if the URL says nothing about TLS. */
  readonly tls?: TlsFiles & { readonly enabled: boolean };
  readonly connectionLimit: number;
  /** How long one statement may take before its connection is given up, in milliseconds. */
  readonly statementTimeoutMs: number;
  /** After this time a connection is exchanged for a new one, milliseconds. Default: a minute. */
  readonly maxConnectionAgeMs?: number | undefined;
  /** Told of what keeps MySQL from serving, and when it serves. */
  readonly trouble?: Trouble | undefined;
}

interface Trouble {
  met(error: unknown): void;
  over(): void;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Transactions that may wait for a connection. */
const QUEUE_LIMIT = 1_000;

/** Opening a connection takes no longer than this, however long statements may take, milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Below the sessions' `wait_timeout`, so that the pool drops idle connections before the server does. */
const IDLE_TIMEOUT_MS = 5_000;

/**
 * The hosts of one database, one of which is in use: all connections of a process lead there. If somebody finds that
 * it cannot be reached or takes no writes, all go to the next in the list, and from the last to the first.
 */
export class MysqlHosts {
  readonly #addresses: readonly Address[];
  readonly #settings: PoolOptions;
  #inUse = 0;
  #pool: Pool;

  /** @throws StartError if a file of `tls` cannot be read */
  constructor(options: MysqlOptions) {
    const { host, port } = readMysqlUrl(options.url);
    this.#addresses = [{ host, port }, ...(options.otherHosts ?? []).map(readAddress)];
    this.#settings = poolSettings(options);
    this.#pool = this.#open();
  }

  /** The pool of the host in use. */
  get pool(): Pool {
    return this.#pool;
  }

  get areSeveral(): boolean {
    return this.#addresses.length > 1;
  }

  /** Switches to the next host, unless somebody else did since `pool` was the one in use. */
  leave(pool: Pool): void {
    if (pool !== this.#pool || !this.areSeveral) return;
    this.#inUse = (this.#inUse + 1) % this.#addresses.length;
    this.#pool = this.#open();
    // A transaction under way there fails with its connection, unless its COMMIT was answered. It is tried again
    // here.
    void end(pool);
  }

  close(): Promise<void> {
    return end(this.#pool);
  }

  #open(): Pool {
    return createPool({ ...this.#settings, ...this.#addresses[this.#inUse] });
  }
}

/** `host:port`, IPv6 in brackets. */
function readAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

function poolSettings({ url, connectionLimit, statementTimeoutMs, tls }: MysqlOptions): PoolOptions {
  const { user, password, database, tls: asked } = readMysqlUrl(url);
  return {
    database,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    connectionLimit,
    // Below the limit: otherwise mysql2 never looks for idle connections.
    maxIdle: Math.max(1, connectionLimit - 1),
    idleTimeout: IDLE_TIMEOUT_MS,
    queueLimit: QUEUE_LIMIT,
    connectTimeout: Math.min(statementTimeoutMs, CONNECT_TIMEOUT_MS),
    charset: 'utf8mb4',
    supportBigNumbers: true,
    bigNumberStrings: true,
    typeCast,
    ...((asked ?? tls?.enabled) && {
      ssl: { ...readTlsFiles('mysql.tls', tls ?? {}), rejectUnauthorized: true, verifyIdentity: true },
    }),
  };
}

async function end(pool: Pool): Promise<void> {
  await pool.end().catch(() => undefined);
}

/** Integers become bigint, texts are UTF-8 whatever their column's charset, and everything else stays as it is. */
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
