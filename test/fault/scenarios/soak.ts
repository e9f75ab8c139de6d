import { seededRandom } from '@leafcutter/agent/fakes/seeded-random';
import type { Arena } from '../arena.ts';
import type { ArenaOptions } from '../arena-options.ts';
import type { Scenario } from '../scenario.ts';
import { AGENTS } from './agents.ts';
import { COORDINATORS } from './coordinators.ts';
import { MYSQL } from './mysql.ts';
import { NETWORK } from './network.ts';
import { OPERATORS } from './operators.ts';
import { REDIS } from './redis.ts';

const DEFAULT_S = 60;
/** Set both to repeat a run. */
const seed = Number(process.env.LEAFCUTTER_SOAK_SEED ?? Date.now() % 1_000_000);
const seconds = Number(process.env.LEAFCUTTER_SOAK_S ?? DEFAULT_S);

const SOAK: ArenaOptions = { agents: 3, machineIds: 16, clocks: true };
const ALL = [...AGENTS, ...NETWORK, ...REDIS, ...MYSQL, ...COORDINATORS, ...OPERATORS];

/** Scenarios that any arena can bear, and that leave it as it was. They have no tag or store of their own here. */
function bearable({ arena = {}, alone, ended }: Scenario): boolean {
  const needs = Object.keys(arena).filter((option) => option !== 'clocks');
  return needs.length === 0 && alone === undefined && ended === undefined;
}

/**
 * Nemeses drawn at random, one after the other. I1 assumes that what one memory of the counters lost, the other one
 * still has. So a soak lets either Redis forget or MySQL, depending on whether its seed is even or odd, and never
 * both.
 */
function soak(): Scenario {
  const spared = seed % 2 === 0 ? 'mysql' : 'redis';
  const drawable = ALL.filter((scenario) => bearable(scenario) && scenario.loses !== spared);
  const random = seededRandom(seed);
  return {
    name: 'mixed-soak',
    faults: `${seconds} s of nemeses drawn from ${drawable.length}, seed ${seed}; ${spared} forgets nothing`,
    arena: SOAK,
    late: 'agents stand still',
    lastsMs: seconds * 1_000,
    async nemesis(arena: Arena) {
      const end = performance.now() + seconds * 1_000;
      const drawn: string[] = [];
      while (performance.now() < end) {
        const scenario = drawable[Math.floor(random() * drawable.length)];
        if (scenario === undefined) throw new Error('there is nothing to draw');
        drawn.push(scenario.name);
        await scenario.nemesis(arena);
        await arena.heal();
      }
      process.stdout.write(`soak, seed ${seed}: ${drawn.join(', ')}\n`);
    },
  };
}

export const SOAKS: readonly Scenario[] = [soak()];
