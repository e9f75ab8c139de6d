import { describe, expect, test } from '@jest/globals';
import { MemoryDatabase } from '@leafcutter/coordinator/fakes/memory-database';
import { FenceMemory, MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { newTag } from '@leafcutter/coordinator/fakes/samples';
import { UnlockedDatabase } from '@leafcutter/coordinator/fakes/unguarded';
import { MemoryBoard } from '@leafcutter/coordinator/stores/memory/board';
import { MemoryLeaseRegistry } from '@leafcutter/coordinator/stores/memory/lease-registry';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { MemoryRoster } from '@leafcutter/coordinator/stores/memory/roster';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { systemClock } from '@leafcutter/shared/system-clock';
import { arbitersContract } from './arbiters-contract.ts';
import { boardContract } from './board-contract.ts';
import { fenceContract } from './fence-contract.ts';
import { leaseRegistryContract } from './lease-registry-contract.ts';
import { rosterContract } from './roster-contract.ts';
import { raceForRanges, storeContract } from './store-contract.ts';

const close = async () => undefined;

storeContract('memory', 'row', async () => {
  const database = new MemoryDatabase();
  return {
    stores: [new MemoryStore(systemClock, database), new MemoryStore(systemClock, database)],
    insertByHand: async (tag, nextId, step) => {
      database.tags.set(tag, { ...newTag(tag, { nextId, step }), retired: false });
    },
    deleteByHand: async (tag) => void database.tags.delete(tag),
    deleteAllByHand: async (name) => database.deleteAllByHand(name),
    close,
  };
});

fenceContract('memory', async () => {
  const memory = new FenceMemory();
  const fence = new MemoryFence(memory);
  return { fences: [fence, new MemoryFence(memory)], wipe: async () => memory.wipe(), close };
});

leaseRegistryContract('memory', async () => {
  const clock = new FakeClock();
  return { registry: new MemoryLeaseRegistry(clock), elapse: (ms) => clock.advance(ms), close };
});

boardContract('memory', async (slotBytes) => ({ board: new MemoryBoard(slotBytes), close }));

rosterContract('memory', async (maxBytes) => {
  const clock = new FakeClock();
  return { roster: new MemoryRoster(clock, maxBytes), elapse: (ms) => clock.advance(ms), close };
});

arbitersContract('memory', async () => {
  const database = new MemoryDatabase();
  const memory = new FenceMemory();
  const registry = new MemoryLeaseRegistry(systemClock);
  const ports = () => ({
    store: new MemoryStore(systemClock, database),
    fence: new MemoryFence(memory),
    registry,
    locks: noLocks,
  });
  return { coordinators: [ports(), ports()], close };
});

describe('the race of the store contract', () => {
  test('NEGATIVE CONTROL: gives numbers out twice where locks lock nothing', async () => {
    const store = new MemoryStore(systemClock, new UnlockedDatabase());
    await store.createTag(newTag('orders'));
    expect(new Set(await raceForRanges([store], 'orders', 40)).size).toBeLessThan(40);
  });
});
