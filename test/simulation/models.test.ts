import { newTag, SAMPLE_DEPLOYMENT } from '@leafcutter/coordinator/fakes/samples';
import { arbitersContract } from '../contract/arbiters-contract.ts';
import { fenceContract } from '../contract/fence-contract.ts';
import { leaseRegistryContract } from '../contract/lease-registry-contract.ts';
import { storeContract } from '../contract/store-contract.ts';
import { FreeRunning } from './machine/free-running.ts';
import { SimulatedFence, SimulatedLeaseRegistry, SimulatedLocks } from './stores/redis-ports.ts';
import { SimulatedStore } from './stores/simulated-store.ts';

/** The models of MySQL and Redis keep the same contracts as the real ones. */

storeContract('the simulated database', 'row', async () => {
  const world = new FreeRunning();
  const { database } = world;
  const store = () => new SimulatedStore({ process: world.process(), database, network: world.network });
  return {
    stores: [store(), store()],
    insertByHand: async (tag, nextId, step) => {
      database.tags.set(tag, { ...newTag(tag, { nextId, step }), retired: false });
    },
    deleteByHand: async (tag) => void database.tags.delete(tag),
    deleteAllByHand: async (name) => database.deleteAllByHand(name),
    close: () => world.stop(),
  };
});

fenceContract('the simulated Redis', async () => {
  const world = new FreeRunning();
  return {
    fences: [new SimulatedFence(world.link()), new SimulatedFence(world.link())],
    wipe: async () => world.redis.master.rollBack(),
    close: () => world.stop(),
  };
});

leaseRegistryContract('the simulated Redis', async () => {
  const world = new FreeRunning();
  return {
    registry: new SimulatedLeaseRegistry(world.link()),
    elapse: (ms) => world.elapse(ms),
    close: () => world.stop(),
  };
});

arbitersContract('the simulated stores', async () => {
  const world = new FreeRunning();
  const { database, network } = world;
  // The sample database knows the sample Redis.
  world.redis.master.memory.fences.identity = SAMPLE_DEPLOYMENT.identity;
  const ports = () => {
    const process = world.process();
    const link = world.link(process);
    return {
      store: new SimulatedStore({ process, database, network }),
      fence: new SimulatedFence(link),
      registry: new SimulatedLeaseRegistry(link),
      locks: new SimulatedLocks(link, process, world.random),
    };
  };
  return { coordinators: [ports(), ports()], close: () => world.stop() };
});
