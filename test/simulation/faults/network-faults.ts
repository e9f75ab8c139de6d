import type { Trouble } from '../machine/network.ts';
import type { World } from '../world.ts';
import { type Effect, pickOf } from './effect.ts';
import type { Fault } from './fault.ts';

type Direction = 'there' | 'back' | 'both';

const DIRECTIONS: readonly Direction[] = ['there', 'back', 'both', 'both'];

/** Which ways a fault between two kinds of machines concerns: one of each or all, one direction or both. */
function waysOf(
  near: readonly string[],
  far: readonly string[],
  [whom, where, how]: Fault['picks'],
): Trouble['affects'] {
  const hitNear = whom < 0.4 ? near : [pickOf(near, whom)];
  const hitFar = where < 0.4 ? far : [pickOf(far, where)];
  const direction = pickOf(DIRECTIONS, how);
  const goes = (from: readonly string[], to: readonly string[]) => (a: string, b: string) =>
    from.includes(a) && to.includes(b);
  const there = goes(hitNear, hitFar);
  const back = goes(hitFar, hitNear);
  return (from, to) => (direction !== 'back' && there(from, to)) || (direction !== 'there' && back(from, to));
}

function between(
  near: (world: World) => readonly string[],
  far: (world: World) => readonly string[],
  harm: (how: number) => Omit<Trouble, 'affects'>,
): Effect {
  return (world, { picks }) =>
    world.network.trouble({ affects: waysOf(near(world), far(world), picks), ...harm(picks[2]) });
}

const agents = (world: World) => world.agents.map(({ host }) => host.name);
const coordinators = (world: World) => world.coordinators.map(({ host }) => host.name);
const database = () => ['database'];
const redis = (world: World) => world.redisServers.map(({ process }) => process.name);

const cut = () => ({ cut: true });
const loss = (how: number) => ({ loss: 0.1 + 0.5 * how });
const slow = (how: number) => ({ delayMs: 10 * 300 ** how });

export const NETWORK_FAULTS = {
  'agent-partition': between(agents, coordinators, cut),
  'agent-loss': between(agents, coordinators, loss),
  'agent-slow': between(agents, coordinators, slow),
  'agent-duplicates': between(agents, coordinators, (how) => ({ duplicates: how })),
  'database-partition': between(coordinators, database, cut),
  'database-loss': between(coordinators, database, loss),
  'database-slow': between(coordinators, database, slow),
  'redis-partition': (world, fault) =>
    world.assumptions.redisIsAway(() => between(coordinators, redis, cut)(world, fault)),
  'redis-loss': (world, fault) =>
    world.assumptions.redisStutters(() => between(coordinators, redis, loss)(world, fault)),
  'redis-slow': (world, fault) =>
    world.assumptions.redisStutters(() => between(coordinators, redis, slow)(world, fault)),
} satisfies Partial<Record<Fault['kind'], Effect>>;
