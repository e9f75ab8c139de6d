import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Era } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';

import { overriding } from '../overriding.ts';
import type { Plant } from '../world.ts';
import type { PlantedBug } from './planted-bug.ts';
import { sweeping } from './sweep-bugs.ts';

interface Stores {
  readonly store: Store;
  readonly fence: Fence;
}

const MENDING_NOTHING: Plant = { coordinator: { fence: (fence) => sweeping(fence, () => false) } };

/** Bugs in `tag lower`. */
export const LOWER_BUGS = {
  'lowering begins no era': {
    breaks: ['I1', 'I2'],
    coordinator: { lowering: (stores) => lowering(stores, () => ({})) },
    aimed: ['counter-mistyped', 'database-failover'],
  },
  'lowering does not ask the fence': {
    breaks: ['I1', 'I2'],
    coordinator: { ...MENDING_NOTHING.coordinator, lowering: incurious },
    // Once a sweep has mended what was lost, the ledger knows it too.
    behind: MENDING_NOTHING,
    aimed: ['counter-mistyped', 'tag-lowered', 'database-failover', 'database-failover-of-one-write'],
  },
} satisfies Record<string, PlantedBug>;

/** Notes something other than the era that begins. */
function lowering({ store, fence }: Stores, noted: (era: Era) => Era): Stores {
  return {
    store: overriding(store, {
      withTag: (tag, work) =>
        store.withTag(tag, (row) =>
          work({
            ...row,
            advance: (to, entries, era) => row.advance(to, entries, era && noted(era)),
          }),
        ),
    }),
    fence: overriding(fence, {
      lower: (name, from, { to, generation, ...era }) =>
        fence.lower(name, from, { to, generation, ...noted(era) }),
    }),
  };
}

/** Ignores what the fence says about grants, and only reads where it stands. */
function incurious({ store, fence }: Stores): Stores {
  return {
    store,
    fence: overriding(fence, {
      read: async (name) => ({ ...(await fence.read(name)), granted: 0n }),
      lower: async (name, _from, down) => fence.lower(name, await fence.read(name), down),
    }),
  };
}
