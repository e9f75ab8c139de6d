import { readTlsFiles, type TlsFiles } from '@leafcutter/shared/tls-files';
import { Redis, type RedisOptions } from 'ioredis';
import { clusterConnector } from './cluster-connector.ts';

/** Where Redis is. */
export interface RedisPlace {
  /** `redis://[[user]:password@]host:port[/db]`, or `rediss://`; with Sentinels the host is the master's name. */
  readonly url: string;
  readonly keyPrefix: string;
  /** URLs of Sentinels that know the master; none: the host of `url` is asked, or resolved, by itself. */
  readonly sentinels?: readonly string[];
  /** `host:port` of nodes of a Redis Cluster; none: no cluster. */
  readonly clusterNodes?: readonly string[];
  readonly tls?: TlsFiles & { readonly serverName?: string | undefined };
}

/** How long opening a connection may take, and a question to a Sentinel or to a node of a cluster, milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;

/** Replies of a server that does not have our keys, or not as their master: another one has, or will. Scripts may put something before them. */
const NOT_THE_MASTER = /^(MOVED|CLUSTERDOWN|MASTERDOWN) |\bREADONLY /;

/**
 * The one way to Redis, for all connections: each leads to one server, the master that has our keys. Which one that is
 * is asked anew with each connection: a name is resolved, Sentinels are asked, or nodes of a cluster. A command that
 * meets another server fails, is not sent elsewhere, and ends the connection. Sends nothing twice unless told to.
 * @throws StartError where a file of `tls` cannot be read
 */
export function connectRedis(place: RedisPlace, options: RedisOptions): Redis {
  const { url, sentinels = [], clusterNodes = [] } = place;
  const tls = tlsOf(place);
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectOnError: (error) => NOT_THE_MASTER.test(error.message),
    ...(tls && { tls }),
    ...(sentinels.length > 0 && sentinelOptions(place, sentinels)),
    ...(clusterNodes.length > 0 && { Connector: clusterConnector(clusterNodes, place.keyPrefix) }),
    ...options,
  });
  // Without a listener ioredis would write connection errors to the console; the watch reports them once.
  redis.on('error', () => undefined);
  return redis;
}

function tlsOf({ url, sentinels = [], tls = {} }: RedisPlace) {
  if (![url, ...sentinels].some((each) => each.startsWith('rediss:'))) return undefined;
  const { serverName } = tls;
  return { ...readTlsFiles('redis.tls', tls), ...(serverName !== undefined && { servername: serverName }) };
}

function sentinelOptions(place: RedisPlace, sentinels: readonly string[]): RedisOptions {
  const urls = sentinels.map((sentinel) => new URL(sentinel));
  // ioredis knows one user for all Sentinels.
  const { username = '', password = '', protocol } = urls[0] ?? {};
  const tls = tlsOf(place);
  return {
    sentinels: urls.map(({ hostname, port }) => ({ host: bare(hostname), port: Number(port || '26379') })),
    name: decodeURIComponent(new URL(place.url).hostname),
    ...(username !== '' && { sentinelUsername: decodeURIComponent(username) }),
    ...(password !== '' && { sentinelPassword: decodeURIComponent(password) }),
    ...(tls && protocol === 'rediss:' && { sentinelTLS: tls }),
    enableTLSForSentinelMode: place.url.startsWith('rediss:'),
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    // A master that was replaced may go on answering who is cut off together with it, but for the Sentinels.
    failoverDetector: true,
  };
}

/** Without the brackets of an IPv6 address. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
