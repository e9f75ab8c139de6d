import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { defineScripts } from '@leafcutter/coordinator/stores/redis/scripts';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.dispose());
beforeEach(() => {
  redis = new Redis(server.url);
  defineScripts(redis);
});
afterEach(async () => {
  await redis.flushall();
  redis.disconnect();
});

describe('what the scripts of the locks return on a real Redis', () => {
  const takeAll = (...locks: (readonly [key: string, ticket: string])[]) =>
    redis.takeLocks(locks.length, ...locks.map(([key]) => key), ...locks.map(([, ticket]) => ticket));
  const take = async (ticket: string) => (await takeAll(['k', ticket]))[0];
  const release = async (ticket: string) => (await redis.releaseLocks(1, 'k', ticket))[0];

  test('takeLocks: 1 if a lock is the ticket’s, 0 if the ticket stands in the queue, once', async () => {
    expect(await take('c 1 60000')).toBe('1');
    expect(await take('c 2 60000')).toBe('0');
    expect(await take('c 2 60000')).toBe('0');
    expect(await take('c 1 60000')).toBe('1');
    expect(await redis.lrange('k', 0, -1)).toEqual(['c 1 60000', 'c 2 60000']);
    expect(await redis.pttl('k')).toBeGreaterThan(50_000);
  });

  test('takeLocks and releaseLocks treat each of many as if it were alone, also beside a key of another type', async () => {
    await redis.set('made', 'by hand');
    await take('c 1 60000');
    const locks = [
      ['j', 'c 2 60000'],
      ['made', 'c 3 60000'],
      ['k', 'c 4 60000'],
    ] as const;
    expect(await takeAll(...locks)).toEqual(['1', '', '0']);
    const [keys, tickets] = [locks.map(([key]) => key), locks.map(([, ticket]) => ticket)];
    expect(await redis.releaseLocks(3, ...keys, ...tickets)).toEqual(['1', '0', '0']);
    expect([await redis.exists('j'), await redis.lrange('k', 0, -1)]).toEqual([0, ['c 1 60000']]);
  });

  test('releaseLocks: 1 if the lock was the ticket’s, else 0; a ticket in the queue is given up', async () => {
    for (const ticket of ['c 1 60000', 'c 2 60000']) await take(ticket);
    expect(await release('c 2 60000')).toBe('0');
    expect(await release('c 3 60000')).toBe('0');
    expect(await redis.lrange('k', 0, -1)).toEqual(['c 1 60000']);
    expect(await release('c 1 60000')).toBe('1');
    expect(await redis.exists('k')).toBe(0);
    expect(await release('c 1 60000')).toBe('0');
  });

  test('releaseLocks hands a lock for the heir’s time to the first who hears it, and passes over the deaf', async () => {
    const told: string[][] = [];
    const listener = new Redis(server.url);
    listener.on('message', (...message) => told.push(message));
    await listener.subscribe('c');
    for (const ticket of ['c 1 60000', 'gone 1 60000', 'c 2 900000', 'c 3 60000']) await take(ticket);
    expect(await release('c 1 60000')).toBe('1');
    expect(await redis.lrange('k', 0, -1)).toEqual(['c 2 900000', 'c 3 60000']);
    expect(await redis.pttl('k')).toBeGreaterThan(60_000);
    // Its answer arrives after everything that was published to it before.
    await listener.ping();
    expect(told).toEqual([['c', 'c 2 900000']]);
    listener.disconnect();
  });

  test('releaseLocks hands a lock to the first of all where the user may not publish', async () => {
    await redis.call('ACL', 'SETUSER', 'mute', 'on', 'nopass', '~*', '+@all', 'resetchannels');
    const mute = new Redis(server.url, { username: 'mute', password: 'any' });
    defineScripts(mute);
    for (const ticket of ['c 1 60000', 'c 2 60000']) await take(ticket);
    expect(await mute.releaseLocks(1, 'k', 'c 1 60000')).toEqual(['1']);
    expect(await take('c 2 60000')).toBe('1');
    mute.disconnect();
  });
});
