import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import type { Arena } from '../arena.ts';
import { LATEST_MS } from '../latest.ts';
import { atAnswer, atRequest, everyNth, PACKETS } from '../packets.ts';
import type { Scenario } from '../scenario.ts';

const FAULT_MS = 3_000;

/** An agent's lines, and how many of them a partition cuts: `all` or the one to the first coordinator. */
function linesOf({ agents }: Arena, which: 'all' | 'one'): readonly TcpProxy[] {
  const lines = agents[0]?.lines ?? [];
  return which === 'all' ? lines : lines.slice(0, 1);
}

function everyLine({ agents }: Arena): readonly TcpProxy[] {
  return agents.flatMap(({ lines }) => lines);
}

/** Faults on the way between agents and coordinators. */
export const NETWORK: readonly Scenario[] = [
  {
    name: 'refill-answer-lost',
    faults: 'every second answer with a segment is lost with its connection',
    async nemesis(arena) {
      const lost = everyNth(2);
      for (const line of everyLine(arena))
        line.onChunk = atAnswer(PACKETS.segment, () => (lost() ? 'cut' : 'pass'));
      await sleep(FAULT_MS);
    },
  },
  {
    name: 'refill-doubled',
    faults: 'every second request for a segment reaches the coordinator twice',
    async nemesis(arena) {
      const doubled = everyNth(2);
      for (const line of everyLine(arena)) {
        line.onChunk = atRequest(PACKETS.refill, (chunk) =>
          doubled() ? Buffer.concat([chunk, chunk]) : 'pass',
        );
      }
      await sleep(FAULT_MS);
    },
  },
  {
    name: 'refill-answer-repeated',
    faults: 'a proxy that lies: every second answer with a segment is an earlier one of the same tag',
    quick: true,
    async nemesis(arena) {
      for (const line of everyLine(arena)) {
        const lie = everyNth(2);
        const told = new Map<string, Buffer>();
        line.onChunk = atAnswer(PACKETS.segment, (chunk) => {
          const tag = /"tag":"([^"]*)"/.exec(chunk.toString('latin1'))?.[1] ?? '';
          const earlier = told.get(tag);
          told.set(tag, chunk);
          return earlier !== undefined && lie() ? earlier : 'pass';
        });
      }
      await sleep(FAULT_MS);
    },
    controls: [
      {
        guard: 'the refusal of segments below the highest held',
        arena: { agentPreloads: [{ file: 'unguarded/accept.ts' }] },
        finds: 'duplicates',
        alsoIn: 'planted-bugs.test.ts',
      },
    ],
  },
  {
    name: 'answers-late',
    faults: 'every answer of a coordinator takes 2.5 s, longer than an agent waits for it',
    async nemesis(arena) {
      for (const line of everyLine(arena)) line.delay(2_500);
      await sleep(4_000);
    },
    controls: [
      {
        guard: 'the deadline of waiting callers',
        // The longest that there is.
        arena: { agentFlags: ['--wait-ms', '60000'] },
        nemesis: async (arena) => {
          for (const line of everyLine(arena)) await line.blackhole();
          await sleep(LATEST_MS + 3_000);
        },
        finds: 'late',
      },
    ],
  },
  ...(['all', 'one'] as const).map(
    (which): Scenario => ({
      name: `agent-cut-off-from-${which}`,
      faults: `an agent loses what it sends to and gets from ${which === 'all' ? 'all coordinators' : 'one coordinator'} for ${FAULT_MS / 1_000} s`,
      async nemesis(arena) {
        for (const line of linesOf(arena, which)) await line.blackhole();
        await sleep(FAULT_MS);
      },
    }),
  ),
  {
    name: 'one-way-to-agent',
    faults: 'coordinators hear an agent and their answers are lost, for 3 s',
    async nemesis(arena) {
      for (const line of linesOf(arena, 'all')) await line.blackhole('server-to-client');
      await sleep(FAULT_MS);
    },
  },
  {
    name: 'one-way-from-agent',
    faults: 'an agent hears coordinators and what it asks is lost, for 3 s',
    async nemesis(arena) {
      for (const line of linesOf(arena, 'all')) await line.blackhole('client-to-server');
      await sleep(FAULT_MS);
    },
  },
];
