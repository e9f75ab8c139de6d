import type { LockedGroup, LockedMachineId, Store } from '@leafcutter/coordinator/domain/allocation/store';
import type { Clock } from '@leafcutter/shared/clock';
import { systemClock } from '@leafcutter/shared/system-clock';

/**
 * The machine's time, which a test can move ahead for coordinators and their stores alike. So windows may be as long
 * as the product's, and the speed of a busy machine does not decide whose ceiling has passed.
 */
export class MovedTime {
  #aheadMs = 0;
  readonly clock: Clock = { ...systemClock, now: () => this.now() };

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  /** Moves ahead until `moment` has come. */
  moveTo(moment: number): void {
    this.#aheadMs += Math.max(0, moment - this.now());
  }

  /** A store whose database has this time. */
  of(store: Store): Store {
    const ahead = (row: LockedMachineId) => ({ ...row, nowMs: row.nowMs + this.#aheadMs });
    const moved: Pick<Store, 'now' | 'withMachineId' | 'withMachineIds'> = {
      now: async () => (await store.now()) + this.#aheadMs,
      withMachineId: <T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>) =>
        store.withMachineId(machineId, (locked) => work(ahead(locked))),
      withMachineIds: <T>(
        machineIds: readonly number[],
        work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
      ) => store.withMachineIds(machineIds, (group) => work({ ...group, rows: group.rows.map(ahead) })),
    };
    return new Proxy(store, {
      get(target, name) {
        const member = Reflect.get(name in moved ? moved : target, name);
        return typeof member === 'function' && !(name in moved) ? member.bind(target) : member;
      },
    });
  }
}
