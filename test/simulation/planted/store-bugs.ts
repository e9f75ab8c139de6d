import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { agreeing, trusting } from '@leafcutter/coordinator/fakes/unguarded';
import { hasCode } from '@leafcutter/shared/errors';

import { overriding } from '../overriding.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Bugs in how a coordinator uses its stores. */
export const STORE_BUGS = {
  'no fence': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: (fence) => overriding(fence, { raise: async (moves) => agreeing(moves) }) },
  },
  'a fence that takes no answer for agreement': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: trustingFence },
    aimed: ['database-failover-amid-lost-commands'],
  },
  'a fence that counts in doubles': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: roundingFence },
  },
  'any Redis is as good as the own': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: hospitableFence },
    aimed: ['redis-mistaken', 'database-failover'],
  },
  'a Redis that forgot everything and took no writes once is not asked again': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: fenceThatAsksOnce },
    aimed: ['redis-wiped', 'redis-read-only', 'database-failover-amid-lost-commands'],
  },
  'a COMMIT without an answer is taken for done': {
    breaks: ['I2'],
    coordinator: { store: trustingStore },
    aimed: ['database-loss', 'database-partition'],
  },
  'no row lock, only the lock in Redis that expires': {
    breaks: ['I1', 'I2'],
    rowLocks: false,
    aimed: ['redis-partition', 'redis-read-only', 'agent-slow', 'database-slow'],
  },
  'in doubt, the last range once more': {
    breaks: ['I2'],
    coordinator: { segments: (parts) => new RepeatingArbiter(parts) },
  },
} satisfies Record<string, PlantedBug>;

function trustingFence(fence: Fence): Fence {
  return overriding(fence, {
    raise: (moves) => fence.raise(moves).catch(() => agreeing(moves)),
  });
}

/** Like a script that forgot that numbers in Lua are doubles: what it stores is right, what it compares is not. */
function roundingFence(fence: Fence): Fence {
  return overriding(fence, {
    raise: async (moves) => {
      const answers = await fence.raise(moves);
      return answers.map((answer, index) => {
        const isSeen = answer.kind !== 'ahead' || Number(answer.value) > Number(moves[index]?.start);
        return isSeen ? answer : { kind: 'ok' };
      });
    },
  });
}

function hospitableFence(fence: Fence): Fence {
  return overriding(fence, {
    raise: async (moves) => {
      const answers = await fence.raise(moves);
      return answers.map((answer) => (answer.kind === 'stranger' ? { kind: 'ok' } : answer));
    },
  });
}

/** It learns only by the next look at the identity that Redis takes writes again; until then everything goes unfenced. */
function fenceThatAsksOnce(fence: Fence): Fence {
  let tookNone = false;
  return overriding(fence, {
    introduce: async (identity) => {
      await fence.introduce(identity);
      tookNone = false;
    },
    raise: async (moves) => {
      const answers = await fence.raise(moves);
      if (!answers.every(({ kind }) => kind === 'away' || kind === 'stranger')) tookNone = false;
      else if (!fence.takesWrites) tookNone = true;
      return tookNone ? moves.map(() => ({ kind: 'away' })) : answers;
    },
  });
}

function trustingStore(store: Store): Store {
  return overriding(store, {
    withTag: (tag, work) => trusting(work, (noted) => store.withTag(tag, noted)),
    withTags: (tags, work) => trusting(work, (noted) => store.withTags(tags, noted)),
    withMachineId: (machineId, work) => trusting(work, (noted) => store.withMachineId(machineId, noted)),
    withMachineIds: (machineIds, work) => trusting(work, (noted) => store.withMachineIds(machineIds, noted)),
  });
}

/** If the store does not answer, it answers from the segment that it granted last. */
class RepeatingArbiter extends SegmentArbiter {
  readonly #last = new Map<string, Range>();

  override async grant(...call: Parameters<SegmentArbiter['grant']>): Promise<Range> {
    const [tag] = call;
    try {
      const segment = await super.grant(...call);
      this.#last.set(tag, segment);
      return segment;
    } catch (error) {
      const last = this.#last.get(tag);
      if (last === undefined || !hasCode(error, 'STORE_UNAVAILABLE')) throw error;
      return last;
    }
  }
}
