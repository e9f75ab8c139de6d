import { expect, test } from '@jest/globals';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { coordinatorSettings } from './settings.ts';

function problemsOf(...argv: string[]): string {
  try {
    loadConfig(coordinatorSettings, { argv, env: {}, cwd: '/', service: 'coordinator', readFile: () => '' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const STORES = ['--mysql-url', 'mysql://db/leafcutter', '--redis-url', 'redis://redis'];
const TOKENS = ['--agent-tokens', 'agents-token-0123', '--admin-tokens', 'admins-token-0123'];
const TO_REDIS = (...argv: string[]) => [...STORES, ...argv];
const urls = (mysql: string, redis: string) => [
  ...['--mysql-url', `mysql://${mysql}`, '--redis-url', `redis://${redis}`],
];
const OPEN = ['--listen', '0.0.0.0:8100'];

test.each([
  ['nothing at all: embedded, on loopback', []],
  ['both stores', STORES],
  ['both stores and tokens, for other machines', [...OPEN, ...STORES, ...TOKENS]],
  ['short tokens on loopback', ['--agent-tokens', 'a', '--admin-tokens', 'b', '--viewer-tokens', 'c']],
  ['Sentinels', TO_REDIS('--redis-sentinels', 'redis://:p@s1:26379,rediss://s2')],
  [
    'a Redis Cluster, its keys in one slot',
    TO_REDIS('--redis-cluster-nodes', 'r2:6379,[::1]:6379', '--redis-key-prefix', '{ids}:'),
  ],
  ['further hosts of MySQL', TO_REDIS('--mysql-other-hosts', 'db2:3306,[::1]:3307')],
  [
    'TLS to MySQL by an authority of one’s own',
    TO_REDIS('--mysql-tls-enabled', '--mysql-tls-ca-file', 'ca.pem'),
  ],
  ['TLS asked for in the URLs', urls('db/ids?ssl-mode=VERIFY_CA', 'redis?tls=true')],
  [
    'files for TLS that is asked for in the URLs',
    [
      ...urls('db/ids?sslmode=require', 'redis?tls=true'),
      ...['--mysql-tls-ca-file', 'ca.pem', '--redis-tls-ca-file', 'ca.pem'],
    ],
  ],
  ['embedded for other machines, where that is said', [...OPEN, ...TOKENS, '--embedded']],
])('takes %s', (_what, argv) => {
  expect(problemsOf(...argv)).toBe('');
});

test.each([
  ['MySQL without Redis', STORES.slice(0, 2), 'redis.url'],
  ['Redis without MySQL', STORES.slice(2), '--redis-url'],
  [
    'a Redis Cluster whose keys lie in many slots',
    TO_REDIS('--redis-cluster-nodes', 'r2:6379'),
    'redis.keyPrefix',
  ],
  [
    'Sentinels of a Redis Cluster',
    TO_REDIS(
      '--redis-cluster-nodes',
      'r2:6379',
      '--redis-sentinels',
      'redis://s1',
      '--redis-key-prefix',
      '{l}:',
    ),
    'redis.sentinels',
  ],
  ['what MySQL’s URL asks for and nobody heeds', urls('db/ids?charset=utf8', 'redis'), '"charset"'],
  ['a MySQL URL without a database', urls('db', 'redis'), 'must name the database'],
  [
    'no TLS by URL and TLS by setting',
    [...urls('db/ids?tls=0', 'r'), '--mysql-tls-enabled'],
    'mysql.tls.enabled',
  ],
  [
    'what would switch off that commands are sent once',
    urls('db/ids', 'redis?autoResendUnfulfilledCommands=true'),
    '"autoResendUnfulfilledCommands"',
  ],
  [
    'what a Sentinel’s URL asks for and nobody heeds',
    TO_REDIS('--redis-sentinels', 'redis://s1?db=1'),
    '--redis-sentinels',
  ],
  [
    'a database of a Redis Cluster',
    [...urls('db/ids', 'redis/5'), '--redis-cluster-nodes', 'r2:1', '--redis-key-prefix', '{l}:'],
    'has only one',
  ],
  ['a node without a port', TO_REDIS('--redis-cluster-nodes', 'r2'), 'host:port'],
  ['a host of MySQL without a port', TO_REDIS('--mysql-other-hosts', 'db2'), 'host:port'],
  ['a certificate without its key', TO_REDIS('--mysql-tls-enabled', '--mysql-tls-cert-file', 'c'), 'keyFile'],
  [
    'files for TLS that is not spoken to MySQL',
    TO_REDIS('--mysql-tls-ca-file', 'ca.pem'),
    'mysql.tls.enabled',
  ],
  ['files for TLS that is not spoken to Redis', TO_REDIS('--redis-tls-ca-file', 'ca.pem'), 'rediss://'],
  ['two doors at one address', ['--ops-listen', '127.0.0.1:8100'], 'must not be the same address as listen'],
  ['other machines without tokens', [...OPEN, ...STORES], 'agentTokens'],
  [
    'other machines without MySQL: forgotten, it would be a second deployment',
    [...OPEN, ...TOKENS],
    'mysql.url',
  ],
  [
    'a short token of agents for other machines',
    [...OPEN, ...STORES, '--agent-tokens', 'a', ...TOKENS.slice(2)],
    '--agent-tokens is ***: has',
  ],
  [
    'a short token of admins for other machines',
    [...OPEN, ...STORES, ...TOKENS.slice(0, 2), '--admin-tokens', 'a'],
    '--admin-tokens is ***: has',
  ],
  [
    'a short token of viewers for other machines',
    [...OPEN, ...STORES, ...TOKENS, '--viewer-tokens', 'a'],
    '--viewer-tokens is ***: has',
  ],
  [
    'a short token of agents of some tags, for other machines',
    [...OPEN, ...STORES, ...TOKENS, '--scoped-agent-tokens', 'a-long-name-of-a-tag b'],
    '--scoped-agent-tokens is ***: has',
  ],
  ['a token with a space, which none can match', ['--agent-tokens', 'two words'], 'printable ASCII'],
  ['a token with two names', ['--admin-tokens', 'alice bob secret'], 'a name and a space before it'],
  ['a name of a token in brackets', ['--admin-tokens', '(unnamed) secret'], 'a name and a space before it'],
  [
    'a short token with a long name for other machines',
    [...OPEN, ...STORES, ...TOKENS.slice(0, 2), '--admin-tokens', 'a-long-name-of-an-admin b'],
    '--admin-tokens is ***: has',
  ],
  ['a token with an umlaut', ['--agent-tokens', 'schlüssel'], 'printable ASCII'],
  ['a layout of more than 63 bits', ['--snowflake-timestamp-bits', '44'], 'bits'],
  ['machine ids that the layout does not have', ['--snowflake-machine-id-range', '0-1024'], '1023'],
  [
    'a first window shorter than two heartbeats',
    ['--snowflake-window-initial-ms', '29000'],
    'two heartbeats',
  ],
  ['a longest window below the first', ['--snowflake-window-max-ms', '60000'], 'windowInitialMs'],
  ['a lease that ends between two heartbeats', ['--snowflake-lease-ttl-ms', '20000'], 'two heartbeats'],
])('refuses %s', (_what, argv, named) => {
  expect(problemsOf(...argv)).toContain(named);
});
