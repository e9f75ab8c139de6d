import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';

import { overriding } from '../overriding.ts';
import type { PlantedBug } from './planted-bug.ts';
import { THE_LEDGER_ALONE, withoutHighWater } from './statement-bugs.ts';

/** Without this hardly any group has several members: of 2,956 transactions in 12 runs one had. */
const TOGETHER = { coordinators: 1, drawsTogether: true } as const;

/** Bugs in how a coordinator takes ranges of several counters in one transaction. One alone is taken without them. */
export const GROUP_BUGS = {
  'a group that forgets the fence of one': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: forgetful },
    ...TOGETHER,
    aimed: ['database-failover', 'database-failover-of-one-write', 'database-slow'],
  },
  'a group that keeps the range that the fence refused one': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: lenient },
    ...TOGETHER,
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
      return [{ kind: 'ok' }, ...(await fence.raise(moves.slice(1)))];
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
