import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';

import { overriding } from '../overriding.ts';
import type { PlantedBug } from './planted-bug.ts';
import { THE_LEDGER_ALONE, withoutHighWater } from './statement-bugs.ts';

/** Bugs in how a coordinator takes ranges of several counters in one transaction. One alone is taken without them. */
export const GROUP_BUGS = {
  'a group that forgets the fence of one': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: forgetful },
    aimed: ['database-failover', 'database-failover-of-one-write', 'database-slow'],
  },
  'a group that keeps the range that the fence refused one': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: lenient },
    aimed: ['database-failover', 'database-failover-of-one-write', 'database-slow'],
  },
  'a group that leaves one out of the ledger': {
    ...THE_LEDGER_ALONE,
    breaks: ['I1', 'I2'],
    statements: (store) => unrecorded(withoutHighWater(store)),
    behind: THE_LEDGER_ALONE,
    aimed: ['counter-lowered', 'counter-lowered', 'database-slow'],
  },
  'a group that waits for rows, in the order they were asked for': {
    breaks: ['I6'],
    waitsInGroups: true,
    aimed: ['database-slow', 'redis-read-only'],
  },
} satisfies Record<string, PlantedBug>;

function forgetful(fence: Fence): Fence {
  return overriding(fence, {
    raise: async (moves) => {
      if (moves.length === 1) return fence.raise(moves);
      return [...(await fence.raise(moves.slice(1))), { kind: 'ok' }];
    },
  });
}

/** Goes on with all if it refused some. */
function lenient(fence: Fence): Fence {
  return overriding(fence, {
    raise: async (moves) => {
      const answers = await fence.raise(moves);
      const others = moves.filter((_, index) => answers[index]?.kind === 'ok');
      if (moves.length === 1 || others.length === 0 || others.length === moves.length) return answers;
      await fence.raise(others);
      return agreeing(moves);
    },
  });
}

function unrecorded(store: MemoryStore): MemoryStore {
  return overriding(store, {
    withTags: (tags, work) =>
      store.withTags(tags, (group) =>
        work({
          ...group,
          advance: ([first, ...others]) => {
            if (first === undefined || others.length === 0) return group.advance(first ? [first] : []);
            return group.advance([{ ...first, entries: [] }, ...others]);
          },
        }),
      ),
  });
}
