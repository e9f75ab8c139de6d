import { type Fence, NO_MARK } from '@leafcutter/coordinator/domain/allocation/fence';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';

import { overriding } from '../overriding.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Bugs in how a coordinator makes both memories equal, and in what it does before they are. */
export const SWEEP_BUGS = {
  'a sweep that raises no fence': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: neverRaising },
    aimed: ['redis-wiped', 'database-restored'],
  },
  'a sweep that mends nothing': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: (fence) => sweeping(fence, () => false) },
    aimed: ['database-failover', 'database-failover-of-one-write', 'redis-wiped', 'restore-drill'],
  },
  'a sweep that mends only what it was told is committed': {
    breaks: ['I1', 'I2'],
    coordinator: {
      fence: (fence) =>
        overriding(
          sweeping(fence, ({ committed, counter }) => committed > counter.value),
          { confirm: () => undefined },
        ),
    },
    aimed: ['database-failover', 'database-failover-of-one-write', 'redis-wiped', 'restore-drill'],
  },
  'a sweep that asks the database alone': {
    breaks: ['I1', 'I2'],
    coordinator: { fence: (fence) => overriding(fence, { counters: nothing }) },
    aimed: ['database-restored', 'redis-wiped', 'restore-drill'],
  },
  'a sweep that asks the fence alone': {
    breaks: ['I1', 'I2'],
    coordinator: {
      guardStore: (store) =>
        overriding(store, {
          counters: (movedSinceMs) => {
            // Asked, so that the sweep counts as one, but ignored.
            store.counters(movedSinceMs);
            return nothing();
          },
        }),
    },
    aimed: ['database-restored', 'redis-wiped', 'restore-drill'],
  },
  'a sweep that goes on although another database answers': {
    breaks: ['I1', 'I2'],
    coordinator: { guardStore: heedless },
    // Otherwise another coordinator would sweep too, and mend what this one missed.
    coordinators: 1,
    aimed: ['database-failover-amid-sweep'],
  },
  'unfenced although unswept': {
    breaks: ['I1', 'I2'],
    coordinator: { unfenced: { unfencedRefusal: () => undefined, wentUnfenced: () => undefined } },
    aimed: ['database-failover', 'redis-paused', 'redis-partition', 'database-failover-then-redis-slow'],
  },
} satisfies Record<string, PlantedBug>;

/** Tells which fences are ahead, and leaves them all as they are. */
function neverRaising(fence: Fence): Fence {
  return overriding(fence, {
    sweep: async (_identity, counters) => {
      const marks = await Promise.all(counters.map(({ name }) => fence.read(name)));
      const ahead = counters.map((counter, index) => ({ counter, ...(marks[index] ?? NO_MARK) }));
      return { ahead: ahead.filter(({ value, counter }) => value > counter.value), unreadable: [] };
    },
  });
}

type Ahead = Awaited<ReturnType<Fence['sweep']>>['ahead'][number];

/** A fence whose sweeps report only some of the counters that are ahead. */
export function sweeping(fence: Fence, tells: (ahead: Ahead) => boolean): Fence {
  return overriding(fence, {
    sweep: async (...call) => {
      const swept = await fence.sweep(...call);
      return { ...swept, ahead: swept.ahead.filter(tells) };
    },
  });
}

async function* nothing(): AsyncGenerator<never> {
  // Neither pages nor names.
}

/** Does not notice, during a sweep or later, that another database answers. */
function heedless(store: Store): Store {
  let unseen = 0;
  let before: number | undefined;
  return overriding(store, {
    get incarnation() {
      return (before ?? store.incarnation) - unseen;
    },
    counters: (movedSinceMs) => {
      before = store.incarnation;
      return store.counters(movedSinceMs);
    },
    finishSweep: async (...call) => {
      const noted = await store.finishSweep(...call);
      if (before !== undefined) unseen += store.incarnation - before;
      before = undefined;
      return noted;
    },
  });
}
