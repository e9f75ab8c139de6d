import { RedisBoard } from '@leafcutter/coordinator/stores/redis/board';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { RedisLeaseRegistry } from '@leafcutter/coordinator/stores/redis/lease-registry';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import { RedisRoster } from '@leafcutter/coordinator/stores/redis/roster';
import { systemClock } from '@leafcutter/shared/system-clock';
import { arbitersContract } from './arbiters-contract.ts';
import type { OpenStore } from './backends.ts';
import { boardContract } from './board-contract.ts';
import { fenceContract } from './fence-contract.ts';
import { leaseRegistryContract } from './lease-registry-contract.ts';
import { rosterContract } from './roster-contract.ts';

/** Two coordinators' links under one fresh prefix. */
export type OpenLinks = () => Promise<{ links: [RedisLink, RedisLink]; closeLinks(): void }>;

/** Shortens every TTL below the link's prefix by this much, as if the time had passed. */
function elapse(link: RedisLink, ms: number): Promise<void> {
  return link.run(async (redis) => {
    for (const key of await redis.keys(`${link.prefix}*`)) {
      const leftMs = await redis.pttl(key);
      if (leftMs >= 0) await redis.pexpire(key, leftMs - ms);
    }
  });
}

/** Everything that is promised of what lies in Redis. */
export function redisContracts(name: string, openLinks: OpenLinks): void {
  fenceContract(name, async () => {
    const { links, closeLinks } = await openLinks();
    return {
      fences: [new RedisFence(links[0]), new RedisFence(links[1])],
      wipe: () => links[0].run(async (client) => void (await client.flushdb())),
      close: async () => closeLinks(),
    };
  });

  leaseRegistryContract(name, async () => {
    const { links, closeLinks } = await openLinks();
    return {
      registry: new RedisLeaseRegistry(links[0]),
      elapse: (ms) => elapse(links[0], ms),
      close: async () => closeLinks(),
    };
  });

  boardContract(name, async (slotBytes) => {
    const { links, closeLinks } = await openLinks();
    return { board: new RedisBoard(links[0], slotBytes), close: async () => closeLinks() };
  });

  rosterContract(name, async (maxBytes) => {
    const { links, closeLinks } = await openLinks();
    return {
      roster: new RedisRoster(links[0], maxBytes),
      elapse: (ms) => elapse(links[0], ms),
      close: async () => closeLinks(),
    };
  });
}

/** Everything that is promised of two coordinators on one database and one Redis. */
export function serversContract(
  name: string,
  openStores: () => Promise<readonly [OpenStore, OpenStore]>,
  openLinks: OpenLinks,
): void {
  arbitersContract(name, async () => {
    const handles = await openStores();
    const { links, closeLinks } = await openLinks();
    const ports = (n: 0 | 1) => ({
      store: handles[n].store,
      fence: new RedisFence(links[n]),
      registry: new RedisLeaseRegistry(links[n]),
      locks: new RedisLocks(links[n], systemClock),
    });
    return {
      coordinators: [ports(0), ports(1)],
      close: async () => {
        closeLinks();
        await Promise.all(handles.map(({ store }) => store.close()));
      },
    };
  });
}
