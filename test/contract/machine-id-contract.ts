import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MachineIdRecord, Store } from '@leafcutter/coordinator/domain/allocation/store';
import { holder } from '@leafcutter/coordinator/fakes/samples';
import type { StoreUnderTest } from './store-under-test.ts';

/** The part of the store contract that is about machine ids. */
export function machineIdContract(subject: () => StoreUnderTest): void {
  let store: Store;
  let other: Store;

  beforeEach(() => {
    store = subject().stores[0];
    other = subject().stores[1] ?? store;
  });

  async function raise(machineId: number, to: bigint, windowMs = 120_000, by = 1): Promise<void> {
    await store.withMachineId(machineId, (row) => {
      const counter = { kind: 'machine', machineId } as const;
      const entry = {
        counter,
        start: row.value,
        end: to,
        ...holder(by),
        coordinatorId: 'c1',
        grantedAtMs: 9,
      };
      return row.advance(to, [entry], { holder: holder(by), windowMs });
    });
  }

  const ids = (records: readonly MachineIdRecord[]) => records.map(({ machineId }) => machineId);

  describe('machine ids', () => {
    test('are there after they were asked for, free, and asking again changes nothing', async () => {
      await store.ensureMachineIds(3, 5);
      expect(await other.listMachineIds(0, 100, 0, 10)).toEqual(
        [3, 4, 5].map((machineId) => ({ machineId, ceilingMs: 0n, windowMs: 0, holder: undefined })),
      );
      await raise(4, 1_000n);
      await other.ensureMachineIds(3, 5);
      expect(await store.listMachineIds(4, 4, 0, 1)).toEqual([
        { machineId: 4, ceilingMs: 1_000n, windowMs: 120_000, holder: holder(1) },
      ]);
    });

    test('are filled up where the range grows, and made once however many coordinators start', async () => {
      await store.ensureMachineIds(2, 3);
      await Promise.all([store, other, store, other].map((one) => one.ensureMachineIds(0, 5)));
      expect(ids(await store.listMachineIds(0, 9, 0, 10))).toEqual([0, 1, 2, 3, 4, 5]);
    });

    test('can be as many as 16 bits hold', async () => {
      await store.ensureMachineIds(0, 65_535);
      expect(ids(await store.listMachineIds(0, 65_535, 65_534, 10))).toEqual([65_534, 65_535]);
    });

    test('are listed oldest ceiling first, then by number, a page at a time, inside the range', async () => {
      await store.ensureMachineIds(0, 5);
      await raise(0, 30n);
      await raise(1, 1_800_000_000_000n);
      await raise(3, 30n);
      await raise(5, 20n);
      expect(ids(await store.listMachineIds(0, 5, 0, 10))).toEqual([2, 4, 5, 0, 3, 1]);
      expect(ids(await store.listMachineIds(0, 5, 2, 2))).toEqual([5, 0]);
      expect(ids(await store.listMachineIds(0, 5, 6, 2))).toEqual([]);
      expect(ids(await store.listMachineIds(3, 4, 0, 10))).toEqual([4, 3]);
    });
  });

  describe('a transaction on a machine id', () => {
    beforeEach(() => store.ensureMachineIds(0, 3));

    test('shows the row and the time', async () => {
      await raise(2, 77n, 5, 9);
      const seen = await store.withMachineId(2, async ({ name, value, machine, nowMs }) => ({
        name,
        value,
        machine,
        nowMs,
      }));
      expect(seen).toEqual({
        name: { kind: 'machine', machineId: 2 },
        value: 77n,
        machine: { machineId: 2, ceilingMs: 77n, windowMs: 5, holder: holder(9) },
        nowMs: expect.any(Number),
      });
    });

    test('whose work throws leaves nothing behind and throws the very same, even what is no Error', async () => {
      const reason = Symbol('taken');
      const thrown = store.withMachineId(1, async (row) => {
        const counter = { kind: 'machine', machineId: 1 } as const;
        await row.advance(
          9n,
          [{ counter, start: 1n, end: 9n, ...holder(1), coordinatorId: 'c', grantedAtMs: 1 }],
          { holder: holder(1), windowMs: 1 },
        );
        throw reason;
      });
      await expect(thrown).rejects.toBe(reason);
      expect(await store.listMachineIds(1, 1, 0, 1)).toMatchObject([{ ceilingMs: 0n }]);
      expect(await store.readLedger(undefined, 1)).toEqual([]);
    });

    test('that has no row is STORE_UNAVAILABLE', async () => {
      await expect(store.withMachineId(4, async () => 1)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    });

    test('makes the next one on the same machine id wait', async () => {
      const tries = Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? store : other).withMachineId(3, async (row) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          const counter = { kind: 'machine', machineId: 3 } as const;
          const window = { start: row.value, end: row.value + 10n };
          await row.advance(
            window.end,
            [{ counter, ...window, ...holder(n), coordinatorId: 'c', grantedAtMs: 1 }],
            { holder: holder(n), windowMs: 10 },
          );
          return window.start;
        }),
      );
      const starts = (await Promise.all(tries)).sort((a, b) => Number(a - b));
      expect(starts).toEqual(Array.from({ length: 20 }, (_, n) => 10n * BigInt(n)));
    });
  });
}
