import type { Clock } from '@leafcutter/shared/clock';
import { readRedisUrl, readSentinelUrl, type StorePlace } from '@leafcutter/shared/store-url';
import { readTlsFiles, type TlsFiles } from '@leafcutter/shared/tls-files';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import { clusterConnector } from './cluster-connector.ts';

/** Where Redis is. */
export interface RedisPlace {
  /** As `readRedisUrl` reads it; with Sentinels the host is the master's name. */
  readonly url: string;
  readonly keyPrefix: string;
  /** URLs of Sentinels that know the master; none: the host of `url` itself is asked, or resolved. */
  readonly sentinels?: readonly string[];
  /** `host:port` of nodes of a Redis Cluster; none: no cluster. */
  readonly clusterNodes?: readonly string[];
  readonly tls?: TlsFiles & { readonly serverName?: string | undefined };
}

/** How long opening a connection may take, and a question to a Sentinel or to a node of a cluster, milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Replies of a server that does not have our keys, or not as their master: another one has them, or soon will.
 * Scripts may put something before these words.
 */
const NOT_THE_MASTER = /^(MOVED|CLUSTERDOWN|MASTERDOWN) |\bREADONLY /;

/**
 * A connection that led to no master is given up at most this often, milliseconds. If each refused command gave one up, all
 * others that are under way would fail with it, and a replica that nobody promotes would serve next to nothing.
 */
const LEAVE_EVERY_MS = 1_000;

/**
 * The one way to Redis, for all connections. Each leads to one server, the master that has our keys. Which one that
 * is, is asked anew for each connection: a name is resolved, Sentinels are asked, or nodes of a cluster. A command
 * that meets another server fails, is not sent elsewhere, and ends the connection, unless one was just ended for that. Nothing
 * is sent twice unless told to.
 * @throws StartError if a file of `tls` cannot be read
 */
export function connectRedis(place: RedisPlace, clock: Clock, options: RedisOptions): Redis {
  const { sentinels = [], clusterNodes = [] } = place;
  const server = readRedisUrl(place.url);
  const named = sentinels.map(readSentinelUrl);
  const tls = [server, ...named].some((each) => each.tls) ? tlsOf(place) : undefined;
  const redis = new Redis({
    host: server.host,
    port: server.port,
    db: Number(server.database ?? 0),
    ...credentials(server),
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectOnError: leavingReplicas(clock),
    ...(tls && server.tls && { tls }),
    ...(named.length > 0 && sentinelOptions(server, named, tls)),
    ...(clusterNodes.length > 0 && { Connector: clusterConnector(clusterNodes, place.keyPrefix) }),
    ...options,
  });
  // Without a listener ioredis would write connection errors to the console; the watch reports them once.
  redis.on('error', (error) => {
    // Otherwise it would go on with database 0, which may be somebody else's.
    if (isSelectRefused(error)) redis.stream.destroy();
  });
  return redis;
}

function leavingReplicas(clock: Clock): (error: Error) => boolean {
  let leftAtMs = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    const now = clock.monotonic();
    if (!NOT_THE_MASTER.test(message) || now - leftAtMs < LEAVE_EVERY_MS) return false;
    leftAtMs = now;
    return true;
  };
}

/** True if `error` says that Redis does not have the database that the URL names, or does not let us use it. */
export function isSelectRefused(error: unknown): boolean {
  return error instanceof ReplyError && (error as { command?: { name: string } }).command?.name === 'select';
}

function credentials({ user, password }: StorePlace): RedisOptions {
  return { ...(user !== undefined && { username: user }), ...(password !== undefined && { password }) };
}

function tlsOf({ tls = {} }: RedisPlace) {
  const { serverName } = tls;
  return { ...readTlsFiles('redis.tls', tls), ...(serverName !== undefined && { servername: serverName }) };
}

function sentinelOptions(
  master: StorePlace,
  sentinels: readonly StorePlace[],
  tls: ReturnType<typeof tlsOf> | undefined,
): RedisOptions {
  // ioredis takes one user for all Sentinels.
  const { user, password, tls: areSecure } = sentinels[0] ?? {};
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: master.host,
    ...(user !== undefined && { sentinelUsername: user }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls && areSecure && { sentinelTLS: tls }),
    enableTLSForSentinelMode: master.tls === true,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    // A master that was replaced may go on answering clients that are cut off together with it. Only the Sentinels
    // show that.
    failoverDetector: true,
  };
}
