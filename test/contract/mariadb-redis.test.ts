import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import {
  deleteAllByHand,
  deleteByHand,
  freshMysqlStores,
  freshPrefix,
  insertByHand,
  openLink,
} from './backends.ts';
import { redisContracts, serversContract } from './redis-contracts.ts';
import { storeContract } from './store-contract.ts';

let redis: RedisServer;
let mariadb: MariadbServer;

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedis(), startMariadb()]);
});
afterAll(() => Promise.all([redis?.dispose(), mariadb?.dispose()]));

/** Two coordinators' links under one fresh prefix. */
async function openLinks(): Promise<{ links: [RedisLink, RedisLink]; closeLinks(): void }> {
  const prefix = freshPrefix();
  const links: [RedisLink, RedisLink] = [await openLink(redis, prefix), await openLink(redis, prefix)];
  return {
    links,
    closeLinks() {
      for (const link of links) link.close();
    },
  };
}

storeContract('MariaDB', 'row', async () => {
  const { handles } = await freshMysqlStores(mariadb);
  return {
    stores: [handles[0].store, handles[1].store],
    insertByHand: (...row) => insertByHand(handles[0].driver, ...row),
    deleteByHand: (tag) => deleteByHand(handles[0].driver, tag),
    deleteAllByHand: (name) => deleteAllByHand(handles[0].driver, name),
    close: async () => {
      await Promise.all(handles.map(({ store }) => store.close()));
    },
  };
});

redisContracts('Redis', openLinks);

serversContract('MariaDB with Redis', async () => (await freshMysqlStores(mariadb)).handles, openLinks);

describe('locks in Redis', () => {
  test('are one holder’s until it releases them', async () => {
    const { links, closeLinks } = await openLinks();
    const [a, b] = links.map((link) => new RedisLocks(link, systemClock)) as [RedisLocks, RedisLocks];
    const release = await a.acquire('tag:orders', { waitMs: 0, ttlMs: 60_000 });
    expect(release).toBeDefined();
    expect(await b.acquire('tag:orders', { waitMs: 30, ttlMs: 60_000 })).toBeUndefined();
    expect(await b.acquire('tag:users', { waitMs: 0, ttlMs: 60_000 })).toBeDefined();
    const waiting = b.acquire('tag:orders', { waitMs: PATIENCE_MS, ttlMs: 60_000 });
    await release?.();
    expect(await waiting).toBeDefined();
    closeLinks();
  });

  test('end by themselves, and their old holder then releases nobody else’s', async () => {
    const { links, closeLinks } = await openLinks();
    const [a, b] = links.map((link) => new RedisLocks(link, systemClock)) as [RedisLocks, RedisLocks];
    const releaseOld = await a.acquire('tag:orders', { waitMs: 0, ttlMs: 30 });
    expect(await b.acquire('tag:orders', { waitMs: PATIENCE_MS, ttlMs: 60_000 })).toBeDefined();
    await releaseOld?.();
    expect(await a.acquire('tag:orders', { waitMs: 0, ttlMs: 60_000 })).toBeUndefined();
    closeLinks();
  });
});
