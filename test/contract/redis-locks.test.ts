import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Redis } from 'ioredis';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { freshPrefix, openLink } from './backends.ts';

const WAIT = { waitMs: 250, ttlMs: 60_000 };
const NOW = { waitMs: 0, ttlMs: 60_000 };

let server: RedisServer;
let redis: Redis;
let prefix: string;
let links: RedisLink[];
/** Time as the waiters see it: it stands still, so that nothing but a call wakes them. */
let clock: FakeClock;
let a: RedisLocks;
let b: RedisLocks;

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  redis.on('error', () => undefined);
  prefix = freshPrefix();
  clock = new FakeClock();
  links = [await openLink(server, prefix), await openLink(server, prefix)];
  [a, b] = links.map((link) => new RedisLocks(link, clock)) as [RedisLocks, RedisLocks];
  await untilListening(2);
});
afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  redis.disconnect();
  await server.dispose();
});

async function untilListening(count: number): Promise<void> {
  const channels = async () => (await redis.pubsub('CHANNELS', `${prefix}lock-passed:*`)).length;
  expect(await poll(async () => (await channels()) === count)).toBe(true);
}

/** How often a command was carried out. */
async function calls(command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}

/** How often a lock was asked for: only `take-locks.lua` reads whole lists. */
const asked = () => calls('lrange');

async function untilAsked(times: number): Promise<void> {
  expect(await poll(async () => (await asked()) === times)).toBe(true);
}

describe('a lock in Redis', () => {
  test('goes from one coordinator to the other by a call: each asks once', async () => {
    let release = await a.acquire('tag:orders', NOW);
    for (let round = 0; round < 10; round++) {
      const waiting = (round % 2 === 0 ? b : a).acquire('tag:orders', WAIT);
      await untilAsked(round + 2);
      await release?.();
      release = await waiting;
      expect(release).toBeDefined();
    }
    expect(await asked()).toBe(1 + 10);
  });

  test('is asked for together with others that are wanted in the same moment, and released so', async () => {
    // From now on Redis knows the scripts.
    await (await a.acquire('tag:first', NOW))?.();
    const scripts = await calls('evalsha');
    const names = Array.from({ length: 70 }, (_, n) => `tag:${n}`);
    const releases = await Promise.all(names.map((name) => a.acquire(name, NOW)));
    expect(releases).not.toContain(undefined);
    // 64 in each call at most.
    expect([(await calls('evalsha')) - scripts, await asked()]).toEqual([2, 71]);
    await Promise.all(releases.map((release) => release?.()));
    expect((await calls('evalsha')) - scripts).toBe(4);
    expect(await redis.keys(`${prefix}lock:*`)).toEqual([]);
  });

  test('goes to who waited longest, not to who released it and wants it again', async () => {
    const order: string[] = [];
    const take = async (who: string, locks: RedisLocks) => {
      const release = await locks.acquire('tag:orders', WAIT);
      order.push(release === undefined ? 'nobody' : who);
      return release;
    };
    const first = await take('a', a);
    const waiting = take('b', b);
    await untilAsked(2);
    await first?.();
    const again = take('a again', a);
    await untilAsked(3);
    await (await waiting)?.();
    await (await again)?.();
    expect(order).toEqual(['a', 'b', 'a again']);
    expect(await asked()).toBe(3);
  });

  test('wakes one of several who wait for it in one coordinator, and nobody who waits for another', async () => {
    const releases = [await a.acquire('tag:orders', NOW), await a.acquire('tag:users', NOW)];
    const waiting: ReturnType<RedisLocks['acquire']>[] = [];
    for (const [index, tag] of ['orders', 'orders', 'users'].entries()) {
      waiting.push(b.acquire(`tag:${tag}`, WAIT));
      await untilAsked(3 + index);
    }
    await releases[0]?.();
    await (await waiting[0])?.();
    await (await waiting[1])?.();
    expect(await calls('publish')).toBe(2);
    await releases[1]?.();
    expect(await waiting[2]).toBeDefined();
    expect([await calls('publish'), await asked()]).toEqual([3, 5]);
  });

  test('passes over a coordinator that is gone', async () => {
    const release = await a.acquire('tag:orders', NOW);
    links.push(await openLink(server, prefix));
    const gone = b.acquire('tag:orders', WAIT);
    await untilAsked(2);
    const waiting = new RedisLocks(links[2] as RedisLink, clock).acquire('tag:orders', WAIT);
    await untilAsked(3);
    await untilListening(3);
    links.splice(1, 1)[0]?.close();
    await untilListening(2);
    await release?.();
    expect(await waiting).toBeDefined();
    await clock.advance(100);
    expect(await gone).toBeUndefined();
    expect([await calls('publish'), await asked()]).toEqual([2, 3]);
  });

  test('that nobody released (its holder died) is asked for again after 100 ms, and after the wait no more', async () => {
    await a.acquire('tag:orders', NOW);
    const late = b.acquire('tag:orders', WAIT);
    for (const [asked, elapsedMs] of [
      [2, 100],
      [3, 100],
      [4, 50],
    ] as const) {
      await untilAsked(asked);
      await asleep();
      await clock.advance(elapsedMs);
    }
    expect(await late).toBeUndefined();
    expect(await asked()).toBe(5);
    const queue = () => redis.llen(`${prefix}lock:tag:orders`);
    expect(await poll(async () => (await queue()) === 1)).toBe(true);

    const waiting = b.acquire('tag:orders', WAIT);
    await untilAsked(6);
    await redis.del(`${prefix}lock:tag:orders`);
    await asleep();
    expect(await asked()).toBe(6);
    await clock.advance(100);
    expect(await waiting).toBeDefined();
    expect(await asked()).toBe(7);
  });

  test('calls again after the connection that listens was lost, which says nothing but SUBSCRIBE', async () => {
    expect(await calls('subscribe')).toBe(2);
    expect(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(2);
    expect(await poll(async () => (await calls('subscribe')) === 4)).toBe(true);
    await untilListening(2);
    const release = await a.acquire('tag:orders', NOW);
    const waiting = b.acquire('tag:orders', WAIT);
    await untilAsked(2);
    await release?.();
    expect(await waiting).toBeDefined();
    expect([await asked(), await calls('subscribe')]).toEqual([2, 4]);
  });

  test('is gone without by who waits when Redis dies, and is not asked for late by anybody', async () => {
    await a.acquire('tag:orders', NOW);
    const waiting = b.acquire('tag:orders', WAIT);
    await untilAsked(2);
    await asleep();
    await server.kill();
    await clock.advance(100);
    expect(await waiting).toBeUndefined();
    expect(await a.acquire('tag:users', WAIT)).toBeUndefined();
    await server.restart();
    await untilListening(2);
    expect(await asked()).toBe(0);
  });

  test('is waited for on one more connection for each coordinator, which ends with it', async () => {
    const connections = async () =>
      String(await redis.call('CLIENT', 'LIST'))
        .trim()
        .split('\n').length - 1;
    expect(await connections()).toBe(4);
    await a.acquire('tag:orders', NOW);
    const waiting = b.acquire('tag:orders', WAIT);
    await untilAsked(2);
    await asleep();
    for (const link of links.splice(0)) link.close();
    await clock.advance(100);
    expect(await waiting).toBeUndefined();
    expect(await poll(async () => (await connections()) === 0)).toBe(true);
  });
});

/** A waiter that Redis has answered sleeps once its timer is set. */
async function asleep(): Promise<void> {
  expect(await poll(() => clock.pending > 0)).toBe(true);
}
