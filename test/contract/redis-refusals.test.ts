import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { fenceMove, raiseOne } from '@leafcutter/coordinator/fakes/samples';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { ownWords, StoreTrouble } from '@leafcutter/coordinator/stores/trouble';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { systemClock } from '@leafcutter/shared/system-clock';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { freshPrefix, openLink } from './backends.ts';

let redis: RedisServer;
/** Closed also if their test fails: otherwise they would try for ever. */
const open: RedisLink[] = [];

beforeAll(async () => {
  redis = await startRedis({ args: ['--databases', '1'] });
});
afterAll(() => redis?.dispose());
afterEach(() => {
  for (const link of open.splice(0)) link.close();
});

describe('a database that Redis does not have', () => {
  test('is told, and no other one is worked on in its place', async () => {
    const keyPrefix = freshPrefix();
    const link = new RedisLink(
      { url: `${redis.url}/5`, keyPrefix, commandTimeoutMs: PATIENCE_MS },
      systemClock,
    );
    const refusal = await link.connect().catch((error: unknown) => error);
    await link.run((client) => client.set(`${keyPrefix}x`, '1')).catch(() => undefined);
    link.close();
    expect(refusal).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'redis_database',
      cause: expect.objectContaining({ message: expect.stringContaining('DB index is out of range') }),
    });
    const seen = await openLink(redis, keyPrefix);
    expect(await seen.run((client) => client.get(`${keyPrefix}x`))).toBeNull();
    seen.close();
  });
});

describe('why there is no connection is told in Redis’ own words', () => {
  const PASSWORD = { args: ['--requirepass', 'secret'] };
  test.each([
    ['no password', PASSWORD, '', 'NOAUTH'],
    ['a wrong password', PASSWORD, ':wrong@', 'WRONGPASS'],
    ['INFO renamed away', { args: ['--rename-command', 'INFO', 'other'] }, '', 'unknown command'],
    ['too many clients', { args: ['--maxclients', '1'] }, '', 'maxclients'],
  ])('%s', async (_what, options, user, says) => {
    // One that has renamed INFO, or asks for a password, answers PING all the same.
    await using server = await startRedis(options);
    const holder = says.startsWith('max') ? await poll(() => taken(server.port)) : undefined;
    const url = server.url.replace('//', `//${user}`);
    const link = new RedisLink({ url, keyPrefix: freshPrefix(), commandTimeoutMs: PATIENCE_MS }, systemClock);
    const refusal = await link.connect().catch((error: unknown) => error);
    link.close();
    holder?.destroy();
    expect(ownWords(refusal)).toContain(says);
  });
});

/** A connection that Redis has let in; it may not have seen yet that an earlier one has ended. */
async function taken(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('PING\r\n');
  const [answer] = await once(socket, 'data');
  if (String(answer).startsWith('+PONG')) return socket;
  socket.destroy();
  return undefined;
}

describe('a replica that nobody promotes', () => {
  /** How many connections the replica was asked for. */
  async function connections(link: RedisLink): Promise<number> {
    // INFO is answered before the connection is ready.
    await poll(() => link.run((client) => client.ping()));
    const info = await link.run((client) => client.info('stats'));
    return Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
  }

  test('is left for the first write that it refuses, and then once a second; other commands are answered', async () => {
    await using replica = await startRedis({ args: ['--replicaof', '127.0.0.1', '1'] });
    const clock = new FakeClock();
    const link = new RedisLink({ url: replica.url, keyPrefix: 'x:', commandTimeoutMs: PATIENCE_MS }, clock);
    open.push(link);
    await link.connect();
    const before = await connections(link);
    const write = () => link.run((client) => client.set('x:y', '1')).catch(({ cause }) => String(cause));
    for (const connected of [1, 2]) {
      expect(await write()).toContain('READONLY');
      expect(await connections(link)).toBe(before + connected);
      const load = Array.from({ length: 100 }, () => [write(), link.run((client) => client.get('x:y'))]);
      const answers = await Promise.all(load.flat());
      expect(new Set(answers)).toEqual(new Set([expect.stringContaining('READONLY'), null]));
      expect(await connections(link)).toBe(before + connected);
      await clock.advance(1_000);
    }
  });
});

describe('a Redis that answers PING and refuses the fence, in its own words', () => {
  async function fenceOn(server: RedisServer, commandTimeoutMs?: number) {
    const link = await openLink(server, freshPrefix(), commandTimeoutMs);
    open.push(link);
    const trouble = new StoreTrouble();
    const fence = new RedisFence(link, systemClock, trouble);
    const raise = () => raiseOne(fence, { kind: 'tag', tag: 'orders' }, fenceMove(1n, 11n));
    return { link, trouble, raise };
  }
  const unclear = { code: 'STORE_UNAVAILABLE', reason: 'fence_unclear' };

  test('because its user may run no scripts, until they run again', async () => {
    await using server = await startRedis();
    const { link, trouble, raise } = await fenceOn(server);
    const allow = (rule: string) => link.run((client) => client.call('ACL', 'SETUSER', 'default', rule));
    await allow('-@scripting');
    await expect(raise()).rejects.toMatchObject(unclear);
    expect(trouble.last?.words).toContain('NOPERM');
    await allow('+@all');
    await raise();
    expect(trouble.last).toBeUndefined();
  });

  test('because it holds up writes, until it takes them', async () => {
    await using server = await startRedis();
    const { trouble, raise } = await fenceOn(server, 300);
    const operator = await openLink(server);
    open.push(operator);
    await operator.run((client) => client.client('PAUSE', PATIENCE_MS, 'WRITE'));
    await expect(raise()).rejects.toMatchObject(unclear);
    expect(trouble.last?.words).toBe('Command timed out');
    await operator.run((client) => client.client('UNPAUSE'));
    expect(await poll(() => raise().then(() => true))).toBe(true);
    expect(trouble.last).toBeUndefined();
  });

  test('because it is a node of a cluster without slots', async () => {
    await using server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    const { trouble, raise } = await fenceOn(server);
    await expect(raise()).rejects.toMatchObject(unclear);
    expect(trouble.last?.words).toContain('CLUSTERDOWN');
  });
});

test('the wrong Redis is left for the one that its name leads to by now, at most every five seconds', async () => {
  await using other = await startRedis();
  await using proxy = await startProxy({ target: { host: '127.0.0.1', port: redis.port } });
  const clock = new FakeClock();
  const url = `redis://127.0.0.1:${proxy.port}`;
  const link = new RedisLink({ url, keyPrefix: 'x:', commandTimeoutMs: PATIENCE_MS }, clock);
  open.push(link);
  await link.connect();
  const port = async () => {
    const info = await poll(() => link.run((client) => client.config('GET', 'port')));
    return Number(Object.values(Object(info)).at(-1));
  };
  proxy.leadNewTo({ host: '127.0.0.1', port: other.port });
  expect(await port()).toBe(redis.port);
  link.renew();
  expect(await port()).toBe(other.port);
  proxy.leadNewTo({ host: '127.0.0.1', port: redis.port });
  link.renew();
  expect(await port()).toBe(other.port);
  await clock.advance(5_000);
  link.renew();
  expect(await port()).toBe(redis.port);
});
