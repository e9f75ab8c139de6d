import { maxBigint } from '@leafcutter/coordinator/domain/allocation/range';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { AgentPlace } from '../places.ts';
import type { World } from '../world.ts';

/** Every source that is served at all must be served at least this often once all is well. */
const LATELY_MS = 15_000;

/** I5: at the end of a run, every agent issues every tag that can be issued, and snowflake IDs. */
export async function checkRecovery(world: World): Promise<void> {
  for (const agent of world.agents) {
    requireServed(world, agent, 'snowflake');
    for (const { tag, nextId: counter, retired, highestId } of world.database.tags.values()) {
      // A counter may be behind, but what was handed out, or may have been, is used up.
      const nextId = maxBigint(counter, world.database.highWaters.get(tag) ?? 0n);
      const { value: fence } = await world.redis.master.fence.read({ kind: 'tag', tag });
      const usedUp = maxBigint(nextId, fence) > (highestId ?? HIGHEST_ID);
      if (!retired && !usedUp) requireServed(world, agent, tag);
    }
  }
}

function requireServed({ scheduler, evidence }: World, { host, service }: AgentPlace, source: string): void {
  const served = service.callers.served.get(source);
  const ago = scheduler.now - (served?.lastServedMs ?? Number.NEGATIVE_INFINITY);
  if (ago <= LATELY_MS) return;
  evidence.violated('I5', `${host.name} issues no ${source}: ${served?.lastRefusal ?? 'nobody asked'}`);
}
