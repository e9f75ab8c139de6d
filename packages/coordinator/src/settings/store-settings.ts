import { textList, urlList } from '@leafcutter/shared/config/list-kinds';
import { int } from '@leafcutter/shared/config/number-kinds';
import { flag, text, url } from '@leafcutter/shared/config/setting-kinds';
import type { ConfigTree, KeyOf } from '@leafcutter/shared/config/settings';
import { readMysqlUrl, readRedisUrl, readSentinelUrl, StoreUrlError } from '@leafcutter/shared/store-url';
import { tlsSettings } from './tls-settings.ts';

/** `host:port`, IPv6 in brackets. */
const NODE = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\],]+):\d{1,5}$/;
const NODES = 'addresses as host:port';

/** Where the stores are, and how long they may take. */
export const storeSettings = {
  mysql: {
    url: url({
      optional: true,
      protocols: ['mysql'],
      secret: true,
      doc: 'MySQL 8+ or MariaDB 10.6+ and the database, as in mysql://user:password@host:3306/leafcutter. Without it the coordinator is embedded. The query may ask for TLS, as in ?ssl-mode=required, and for nothing else.',
    }),
    otherHosts: textList({
      pattern: NODE,
      takes: NODES,
      doc: 'More hosts of the same database, tried in this order if the one in use can’t be reached or doesn’t accept writes. stores.md says which hosts you may list.',
    }),
    tls: {
      enabled: flag({
        default: false,
        doc: 'Use TLS for MySQL, and verify its certificate and host name; mysql.url then needs a host name.',
      }),
      ...tlsSettings('MySQL'),
    },
    connectionLimit: int({
      default: 10,
      min: 1,
      max: 500,
      unit: 'connections',
      doc: 'Most connections to MySQL.',
    }),
    statementTimeoutMs: int({
      default: 2_000,
      min: 100,
      max: 60_000,
      unit: 'ms',
      doc: 'How long one statement may take before its connection is given up.',
    }),
  },
  redis: {
    url: url({
      optional: true,
      protocols: ['redis', 'rediss'],
      secret: true,
      doc: 'Redis for locks, leases and the fence; required with mysql.url. User, password and database as in redis://user:password@host:6379/0. rediss:// (or ?tls=true) uses TLS; the query may have nothing else.',
    }),
    sentinels: urlList({
      protocols: ['redis', 'rediss'],
      secret: true,
      doc: 'Sentinels to ask for the master. The host in redis.url is then the master’s name in Sentinel.',
    }),
    clusterNodes: textList({
      pattern: NODE,
      takes: NODES,
      doc: 'More nodes of a Redis Cluster, besides the one in redis.url, to ask which node has our keys.',
    }),
    tls: {
      ...tlsSettings('Redis'),
      serverName: text({
        optional: true,
        doc: 'Name that Redis’ certificate must have, if it differs from the host name.',
      }),
    },
    keyPrefix: text({
      default: 'leafcutter:',
      maxLength: 64,
      doc: 'Prefix of every key. Don’t change it while IDs are in use, because the fence would be forgotten. In a Redis Cluster it must contain a hash tag, such as {leafcutter}:, so that one node has all keys.',
    }),
    commandTimeoutMs: int({
      default: 300,
      min: 10,
      max: 10_000,
      unit: 'ms',
      doc: 'How long one command may take.',
    }),
    maxUnfencedS: int({
      default: 86_400,
      min: 0,
      max: 31_536_000,
      unit: 's',
      doc: 'How long to keep granting segments and windows from MySQL alone while Redis is down or doesn’t accept writes. The time runs from the first such grant until the fences are swept. 0 grants nothing without the fence. Each coordinator counts for itself.',
    }),
    allowUnsweptAllocations: flag({
      default: false,
      doc: 'Grant segments and windows while Redis is down even if MySQL was down, restarted or replaced since the last sweep that saw both. At your own risk: if that MySQL lost writes, their IDs are handed out again.',
    }),
  },
};

/** What is wrong with the settings of the stores, by themselves or between them: the first of it. */
export function storeProblem(config: ConfigTree<typeof storeSettings>) {
  const { mysql, redis } = config;
  const wrong = (key: StoreKey, problem: string) => ({ key, problem });
  if (mysql.url !== undefined && redis.url === undefined)
    return wrong('redis.url', 'must be set when mysql.url is: the fence lives in Redis');
  if (redis.url !== undefined && mysql.url === undefined)
    return wrong('redis.url', 'has no effect without mysql.url; leave both out to run embedded');
  if (redis.sentinels.length > 0 && redis.clusterNodes.length > 0)
    return wrong('redis.clusterNodes', 'cannot be set together with redis.sentinels');
  if (redis.clusterNodes.length > 0 && !/\{[^}]+\}/.test(redis.keyPrefix))
    return wrong('redis.keyPrefix', 'must contain a hash tag in a Redis Cluster, such as {leafcutter}:');
  return halfPair('mysql', mysql.tls) ?? halfPair('redis', redis.tls) ?? urlProblem(config);
}

function urlProblem({ mysql, redis }: ConfigTree<typeof storeSettings>) {
  const wrong = (key: StoreKey, problem: string) => ({ key, problem });
  let key: StoreKey = 'mysql.url';
  try {
    const mysqlTls = mysql.url === undefined ? undefined : readMysqlUrl(mysql.url).tls;
    if (mysqlTls === false && mysql.tls.enabled)
      return wrong(key, 'must not turn TLS off while mysql.tls.enabled is set');
    if (!(mysqlTls ?? mysql.tls.enabled) && (mysql.tls.caFile ?? mysql.tls.certFile) !== undefined)
      return wrong('mysql.tls.enabled', 'must be set for the other settings of mysql.tls to take effect');
    key = 'redis.sentinels';
    for (const sentinel of redis.sentinels) readSentinelUrl(sentinel);
    key = 'redis.url';
    if (redis.url === undefined) return undefined;
    const { tls, database } = readRedisUrl(redis.url);
    if (redis.clusterNodes.length > 0 && Number(database ?? 0) !== 0)
      return wrong(key, 'must not name a database in a Redis Cluster, which has only one');
    if (!tls && Object.values(redis.tls).some((value) => value !== undefined))
      return wrong(key, 'must begin with rediss:// for the settings of redis.tls to take effect');
    return undefined;
  } catch (error) {
    if (error instanceof StoreUrlError) return wrong(key, error.message);
    throw error;
  }
}

type StoreKey = KeyOf<typeof storeSettings>;

function halfPair(
  store: 'mysql' | 'redis',
  tls: { certFile: string | undefined; keyFile: string | undefined },
) {
  if ((tls.certFile === undefined) === (tls.keyFile === undefined)) return undefined;
  const missing = tls.certFile === undefined ? 'certFile' : 'keyFile';
  return {
    key: `${store}.tls.${missing}`,
    problem: 'must be set: certFile and keyFile belong together',
  } as const;
}
