import { poll } from '../support/poll.ts';
import { runningMs } from '../support/running-time.ts';
import type { Arena } from './arena.ts';

/** Waits until `state` holds. @throws Error that names it, if it never does */
export async function until(state: () => boolean | Promise<boolean>, name: string): Promise<void> {
  if (!(await poll(state))) throw new Error(`it never came to this: ${name}`);
}

/** The highest ID that was issued for a tag; by one agent since a moment (monotonic milliseconds), if they are given. */
export function highestOf({ load }: Arena, tag: string, by?: string, sinceMs = 0): bigint {
  let highest = 0n;
  for (const { source, agent, invokedNs, ids } of load.history.issued) {
    if (source !== tag || invokedNs < sinceMs * 1e6 || (by !== undefined && agent !== by)) continue;
    const last = ids.at(-1);
    if (last !== undefined && last > highest) highest = last;
  }
  return highest;
}

/** Many segments of `hot`: whoever asked just before a store forgot takes one or two of them to nobody. */
const ANEW = 1_000n;

/** Waits until IDs of the tag are issued that are granted from now on, many of them. */
export async function drawnAnew(arena: Arena, tag: string): Promise<void> {
  const [rows] = await arena.operator.mysql.query('SELECT max_id FROM leaf_alloc WHERE biz_tag = ?', [tag]);
  const [{ max_id: counter }] = rows as [{ max_id: string }];
  const beyond = BigInt(counter) + ANEW;
  await until(() => highestOf(arena, tag) >= beyond, `${beyond} or a higher ID of ${tag} is issued`);
}

/**
 * The first agent dies, `forget` takes something from the stores, and the agent starts anew. It knows of no higher IDs
 * of the tag and takes what it is given; and nobody else asks until it has got past all that was issued before.
 */
export async function firstAfter(arena: Arena, tag: string, forget: () => Promise<unknown>): Promise<void> {
  const [agent, ...others] = arena.agents;
  if (agent === undefined) throw new Error('the arena has no agent');
  const lines = others.flatMap((other) => other.lines);
  await agent.service.process.kill();
  for (const line of lines) await line.cut();
  const highest = highestOf(arena, tag);
  await forget();
  const since = runningMs();
  await agent.service.restart('live');
  await until(
    () => highestOf(arena, tag, agent.label, since) >= highest,
    `the first agent issues ${highest} or a higher ID of ${tag}`,
  );
  for (const line of lines) await line.heal();
}
