import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from '../../support/poll.ts';
import { runningMs } from '../../support/running-time.ts';
import type { AgentPlace, Arena } from '../arena.ts';
import type { ArenaOptions, Preload } from '../arena-options.ts';
import { atRequest, PACKETS } from '../packets.ts';
import type { Scenario } from '../scenario.ts';

/** Two holders for two machine ids, and windows shorter than a standstill. */
const FEW_IDS: ArenaOptions = { machineIds: 2, windowMs: 2_000 };
const CLOCKS: ArenaOptions = { clocks: true };
const STANDSTILL_MS = 5_000;
const BLOCKABLE: Preload = { file: 'handles/block-on-signal.ts', env: { BLOCK_MS: `${STANDSTILL_MS}` } };

/** The first agent, if something is done to a single agent. */
function firstOf({ agents }: Arena): AgentPlace {
  const [agent] = agents;
  if (agent === undefined) throw new Error('the arena has no agent');
  return agent;
}

function without(guard: string): Preload {
  return { file: 'unguarded/generator.ts', env: { WITHOUT_GUARD: guard } };
}

/** While the first agent stands still, a newcomer takes its machine id; then both run for a while. */
async function newHolderMeanwhile(arena: Arena, stop: (agent: AgentPlace) => Promise<void>): Promise<void> {
  const holder = firstOf(arena);
  const newcomer = await arena.addAgent('live');
  await stop(holder);
  arena.drawFrom(newcomer);
  const since = runningMs();
  const holds = () => arena.load.answeredSince(newcomer.label, 'snowflake', since);
  if ((await poll(holds)) === undefined) throw new Error('the newcomer never got the machine id');
  await sleep(300);
  await holder.service.process.resume();
  await poll(() => arena.load.answeredSince(holder.label, 'hot', since + STANDSTILL_MS));
  await sleep(500);
  await arena.dismiss(newcomer);
}

async function clockOf(arena: Arena, ...steps: readonly (readonly [seconds: number, forMs: number])[]) {
  for (const [seconds, forMs] of steps) {
    firstOf(arena).clock?.set(seconds);
    await sleep(forMs);
  }
}

/** What happens to agents. */
export const AGENTS: readonly Scenario[] = [
  {
    name: 'agent-stopped',
    faults: 'SIGSTOP of an agent past its window; a newcomer takes its machine id; SIGCONT',
    quick: true,
    arena: FEW_IDS,
    late: 'the agent itself stood still',
    nemesis: (arena) => newHolderMeanwhile(arena, ({ service }) => service.process.pause()),
    check({ load: { counts } }) {
      const told = counts.refused.has('LEASE_LOST') || counts.refused.has('MACHINE_IDS_EXHAUSTED');
      if (!told) throw new Error('nobody was refused by the agent that had lost its machine id');
    },
    controls: [
      {
        guard: 'the check of the window in the issuing path',
        arena: { agentPreloads: [without('to')] },
        finds: 'duplicates',
      },
    ],
  },
  {
    name: 'agent-blocked',
    faults: `an agent's event loop blocked for ${STANDSTILL_MS / 1_000} s past its window; a newcomer takes its machine id`,
    arena: { ...FEW_IDS, agentPreloads: [BLOCKABLE] },
    late: 'the agent itself stood still',
    nemesis: (arena) => newHolderMeanwhile(arena, async ({ service }) => service.process.signal('SIGUSR2')),
    controls: [
      {
        guard: 'the check of the window in the issuing path',
        arena: { agentPreloads: [BLOCKABLE, without('to')] },
        finds: 'ungranted',
      },
    ],
  },
  {
    name: 'agents-stopped-in-turn',
    faults: 'SIGSTOP of each agent in turn for 3.5 s, past its window',
    late: 'the agents themselves stood still',
    async nemesis({ agents }) {
      for (const { service } of agents) {
        await service.process.pause();
        await sleep(3_500);
        await service.process.resume();
      }
    },
  },
  {
    name: 'clock-10-ms-back',
    faults: "an agent's clock 10 ms back, ten times",
    arena: CLOCKS,
    nemesis: (arena) =>
      clockOf(arena, ...Array.from({ length: 10 }, (_, n) => [-0.01 * (n + 1), 150] as const)),
  },
  {
    name: 'clock-1-s-back',
    faults: "an agent's clock 1 s back for 1.5 s, and back",
    arena: CLOCKS,
    nemesis: (arena) => clockOf(arena, [-1, 1_500]),
    controls: [
      {
        guard: "the generator's own last timestamp",
        arena: { ...CLOCKS, agentPreloads: [without('last')] },
        finds: 'duplicates',
        alsoIn: 'planted-bugs.test.ts',
      },
    ],
  },
  {
    name: 'clock-10-min-back',
    faults: "an agent's clock 10 min back for 2 s, and back",
    arena: CLOCKS,
    nemesis: (arena) => clockOf(arena, [-600, 2_000]),
  },
  {
    name: 'clock-1-h-ahead',
    faults: "an agent's clock 1 h ahead for 2 s, and back",
    arena: CLOCKS,
    nemesis: (arena) => clockOf(arena, [3_600, 2_000]),
    controls: [
      {
        guard: 'the check of the window in the issuing path',
        arena: { ...CLOCKS, agentPreloads: [without('to')] },
        finds: 'ungranted',
      },
    ],
  },
  {
    name: 'clock-back-over-restart',
    faults: 'an agent killed and started again with its clock 1 s back, then with its clock 10 min back',
    arena: { ...CLOCKS, machineIds: 3 },
    async nemesis(arena) {
      const { service, clock } = firstOf(arena);
      for (const seconds of [-1, -600]) {
        await service.process.kill();
        clock?.set(seconds);
        await service.restart('live');
        await sleep(1_500);
      }
    },
  },
  {
    name: 'killed-in-heartbeat',
    faults: 'each agent killed at the moment its renewal is on the line, and started again',
    async nemesis({ agents }) {
      for (const { service, lines } of agents) {
        const killed = Promise.withResolvers<void>();
        for (const line of lines) {
          line.onChunk = atRequest(PACKETS.renewal, () => {
            void service.process.kill().then(() => killed.resolve());
            return 'pass';
          });
        }
        await killed.promise;
        for (const line of lines) line.onChunk = () => 'pass';
        await service.restart('live');
        await sleep(300);
      }
    },
  },
  {
    name: 'crash-loop',
    faults: 'an agent killed and started again eight times',
    arena: { machineIds: 12 },
    async nemesis(arena) {
      for (let crash = 0; crash < 8; crash++) {
        await firstOf(arena).service.process.kill();
        await firstOf(arena).service.restart('live');
        await sleep(200);
      }
    },
  },
  {
    name: 'twins',
    faults: 'two agents with one agentId, both killed and started again at once',
    arena: { twins: true },
    async nemesis({ agents }) {
      await sleep(1_000);
      await Promise.all(agents.map(({ service }) => service.process.kill()));
    },
  },
  {
    name: 'machine-ids-used-up',
    faults:
      'two machine ids for two agents; one is killed and must wait for the window of its own stale lease',
    arena: { machineIds: 2, windowMs: 6_000 },
    async nemesis(arena) {
      await firstOf(arena).service.process.kill();
      await sleep(500);
    },
    check({ load }) {
      if (!load.counts.refused.has('MACHINE_IDS_EXHAUSTED'))
        throw new Error('nobody had to wait for a machine id');
    },
  },
  {
    name: 'sigterm-under-load',
    faults: 'each agent in turn ended by SIGTERM under load and started again',
    async nemesis({ agents }) {
      for (const { service } of agents) {
        await service.restart();
      }
    },
  },
];
