import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { documented } from '../support/documented-commands.ts';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { metric } from '../support/metric.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';

/** The user that docs/stores.md tells people to make: what follows `ACL SETUSER`. */
const ACL = (await documented('sh acl', 'stores.md'))
  .replaceAll(/\\\n\s*/g, '')
  .match(/^ACL SETUSER (.*)$/m)?.[1]
  ?.split(' ') as string[];

const stack = new AsyncDisposableStack();
let certificates: Certificates;
let other: Certificates;
let redis: RedisServer;
let mariadb: MariadbServer;
let tlsPort: number;

beforeAll(async () => {
  [certificates, other] = await Promise.all([makeCertificates(), makeCertificates()]);
  const { caFile, certFile, keyFile } = certificates;
  tlsPort = await freePort();
  [redis, mariadb] = await Promise.all([
    startRedis({
      args: [
        ...['--tls-port', `${tlsPort}`, '--tls-ca-cert-file', caFile],
        ...['--tls-cert-file', certFile, '--tls-key-file', keyFile],
      ],
    }),
    startMariadb({ args: [`--ssl-ca=${caFile}`, `--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`] }),
  ]);
  stack.use(redis);
  stack.use(mariadb);
});
afterAll(() => stack.disposeAsync());

/** A coordinator with jobs that run every second. */
async function startCoordinator(env: Readonly<Record<string, string>>): Promise<Service> {
  const service = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--jobs-sweep-interval-s', '1', '--snowflake-machine-id-range', '0-7'],
    env,
  });
  return service;
}

/**
 * The requests of an agent and an admin to a coordinator. Throws if one is refused, or if it allocates without the
 * fence.
 */
async function useAll(coordinator: Service): Promise<void> {
  const post = async (path: string, body: object) => {
    const response = await fetch(coordinator.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  await post('/v1/tags', { tag: `t${Date.now()}`, step: 10 });
  const ran = async () => (await metric('leafcutter_coordinator_jobs_total', coordinator)) >= 2;
  if (!(await poll(ran))) throw new Error('no job ran');
}

describe('TLS to both stores', () => {
  const stores = (caFile: string, mysqlCa = caFile) => ({
    LEAFCUTTER_MYSQL_URL: `mysql://tls@localhost:${mariadb.port}/leafcutter`,
    LEAFCUTTER_MYSQL_TLS_ENABLED: 'true',
    LEAFCUTTER_MYSQL_TLS_CA_FILE: mysqlCa,
    LEAFCUTTER_MYSQL_TLS_CERT_FILE: certificates.certFile,
    LEAFCUTTER_MYSQL_TLS_KEY_FILE: certificates.keyFile,
    LEAFCUTTER_REDIS_URL: `rediss://127.0.0.1:${tlsPort}`,
    // The tests below have deployments of their own on this Redis.
    LEAFCUTTER_REDIS_KEY_PREFIX: 'tls:',
    LEAFCUTTER_REDIS_TLS_CA_FILE: caFile,
    LEAFCUTTER_REDIS_TLS_CERT_FILE: certificates.certFile,
    LEAFCUTTER_REDIS_TLS_KEY_FILE: certificates.keyFile,
  });

  beforeAll(async () => {
    await executeSql(mariadb.port, "CREATE USER tls@'%' REQUIRE X509");
    await executeSql(mariadb.port, "GRANT ALL ON leafcutter.* TO tls@'%'");
  });

  test('with an authority of one’s own and a client certificate', async () => {
    const coordinator = await startCoordinator(stores(certificates.caFile));
    try {
      expect(await coordinator.json('/readyz')).toMatchObject({ store: 'up', redis: 'up' });
      await useAll(coordinator);
    } finally {
      await coordinator.stop();
    }
  });

  test('is refused where another authority signed MySQL’s certificate', async () => {
    const env = { ...stores(certificates.caFile, other.caFile), LEAFCUTTER_START_TIMEOUT_S: '0' };
    await expect(startCoordinator(env)).rejects.toThrow(/MySQL cannot be reached.*(self-signed|verify)/s);
  });

  test('is refused where another authority signed Redis’ certificate: Redis is away', async () => {
    const coordinator = await startCoordinator(stores(other.caFile, certificates.caFile));
    try {
      const away = async () => (await coordinator.json<{ redis: string }>('/readyz')).redis === 'down';
      expect(await poll(away)).toBe(true);
    } finally {
      await coordinator.stop();
    }
  });

  test('names the setting of a file that is not there', async () => {
    await expect(startCoordinator(stores('/nowhere/ca.pem', certificates.caFile))).rejects.toThrow(
      'redis.tls.caFile',
    );
  });
});

test('a new connection to Redis, which may lead to another server, is followed by a sweep', async () => {
  const admin = new Redis(redis.url);
  await admin.flushall();
  const coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--jobs-sweep-interval-s', '3600'],
    env: { LEAFCUTTER_MYSQL_URL: await mariadb.createDatabase(), LEAFCUTTER_REDIS_URL: redis.url },
  });
  try {
    const number = async () => Number(await admin.hget('leafcutter:{fence}:identity', 'sweep'));
    // The first one comes with the first turn of the job.
    expect(await poll(number)).toBeGreaterThan(0);
    // A lock whose holder lost its connection stays until it expires, which takes half a minute.
    expect(await poll(async () => (await admin.keys('leafcutter:lock:*')).length === 0)).toBe(true);
    const before = await number();
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await poll(async () => (await number()) > before)).toBe(true);
  } finally {
    await coordinator.stop();
    admin.disconnect();
  }
});

describe('a user of Redis with the commands of docs/stores.md', () => {
  async function withUser<T>(
    rules: readonly string[],
    work: (coordinator: Service) => Promise<T>,
  ): Promise<T> {
    const admin = new Redis(redis.url);
    const database = await mariadb.createDatabase();
    try {
      await admin.flushall();
      await admin.call('ACL', 'LOG', 'RESET');
      await admin.call(
        'ACL',
        'SETUSER',
        ...rules,
        ...((await knowsSetinfo(admin)) ? ['+client|setinfo'] : []),
      );
      const coordinator = await startCoordinator({
        LEAFCUTTER_MYSQL_URL: database,
        LEAFCUTTER_REDIS_URL: `redis://leafcutter:change-me@127.0.0.1:${redis.port}`,
      });
      try {
        return await work(coordinator);
      } finally {
        await coordinator.stop();
      }
    } finally {
      await admin.call('ACL', 'DELUSER', 'leafcutter');
      admin.disconnect();
    }
  }

  /** Redis 7.2 and later, as docs/stores.md says. */
  async function knowsSetinfo(admin: Redis): Promise<boolean> {
    const [about] = (await admin.call('COMMAND', 'INFO', 'client|setinfo')) as unknown[];
    return about !== null && about !== undefined;
  }

  /** Commands that Redis refused this user. */
  async function refused(): Promise<string[]> {
    const admin = new Redis(redis.url);
    try {
      const log = (await admin.call('ACL', 'LOG', '100')) as (string | number)[][];
      return log.map((entry) => String(entry[entry.indexOf('object') + 1]));
    } finally {
      admin.disconnect();
    }
  }

  test('serves segments, leases and jobs, and is refused nothing', async () => {
    await withUser(ACL, async (coordinator) => {
      await useAll(coordinator);
      const agent = await Service.start({
        kind: 'agent',
        name: 'agent',
        flags: ['--coordinators', coordinator.url, '--snowflake-enabled', '--report-interval-ms', '300'],
      });
      try {
        await coordinator.json('/v1/tags', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ tag: 'orders' }),
        });
        expect(await agent.json('/v1/ids/orders')).toBe(1);
        const seen = async () =>
          (await (await fetch(`${coordinator.url}/v1/agents`)).text()).includes('agent');
        expect(await poll(seen)).toBe(true);
        expect(await metric('leafcutter_coordinator_unfenced_allocations_total', coordinator)).toBe(0);
      } finally {
        await agent.stop();
      }
    });
    expect(await refused()).toEqual([]);
  });

  test.each(['evalsha', 'bzpopmin', 'hgetall'])(
    'NEGATIVE CONTROL: without %s it is refused',
    async (command) => {
      expect(ACL).toContain(`+${command}`);
      const rules = ACL.filter((rule) => rule !== `+${command}`);
      await withUser(rules, async () => {
        expect(await poll(async () => (await refused()).includes(command))).toBe(true);
      });
    },
  );
});
