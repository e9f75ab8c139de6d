import { Random } from '../machine/random.ts';
import type { World } from '../world.ts';
import { type Effect, pickOf } from './effect.ts';
import { type Fault, type Heal, nothingToHeal } from './fault.ts';

/** The assumptions first have to allow what Redis forgets or does not learn. */
const forgets =
  (harm: (world: World, fault: Fault) => Heal, keys = false): Effect =>
  (world, fault) =>
    world.assumptions.redisForgets(() => harm(world, fault), keys);

export function pauseRedis(world: World): Heal | undefined {
  return world.assumptions.redisIsAway(() => {
    const { process } = world.redis.master;
    process.pause();
    return () => process.resume();
  });
}

export const REDIS_FAULTS = {
  'redis-wiped': forgets((world) => {
    world.redis.master.rollBack();
    return nothingToHeal;
  }),
  'redis-rolled-back': forgets((world, { picks: [, where] }) => {
    world.redis.master.rollBack(pickOf(world.redisSnapshots, where));
    return nothingToHeal;
  }),
  /** Sentinel promotes a replica that lags, and one coordinator does not hear of it for a while. */
  'redis-split': forgets((world, { picks: [whom, where] }) => {
    const replica = world.addRedis(pickOf(world.redisSnapshots.slice(-5), where));
    // Its clock is not behind its master's: see `redis-clock-jumps`.
    const { host } = replica.process;
    host.jump(Math.max(0, world.redis.master.process.host.wall() - host.wall()));
    const stray = pickOf(world.coordinators, whom).host.name;
    world.redis.promote(replica, stray);
    return () => void world.redis.strays.delete(stray);
  }),
  /** One coordinator is led to another, empty Redis. It must not work with it while others have the right one. */
  'redis-mistaken': (world, { picks: [whom] }) =>
    world.assumptions.redisMistaken(() => {
      const stray = pickOf(world.coordinators, whom).host.name;
      if (world.redis.strays.has(stray)) return undefined;
      world.redis.strays.set(stray, world.addRedis());
      return () => void world.redis.strays.delete(stray);
    }),
  'redis-evicts': forgets((world, { atMs, picks: [, , how] }) => {
    world.redis.master.evict(how, new Random(world.seed, `eviction at ${atMs}`));
    return nothingToHeal;
  }, true),
  'redis-read-only': (world) =>
    world.assumptions.redisIsAway(() => {
      const { master } = world.redis;
      master.writable = false;
      return () => {
        master.writable = true;
      };
    }),
  /** It answers nobody for a while, and then answers everything that it was asked. */
  'redis-paused': pauseRedis,
  /** Locks are gone in the middle of refills; the fence loses nothing. */
  'redis-locks-expire': (world) => {
    world.redis.master.memory.locks.clear();
    return nothingToHeal;
  },
} satisfies Partial<Record<Fault['kind'], Effect>>;
