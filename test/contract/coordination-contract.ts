import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SweptCounter } from '@leafcutter/coordinator/domain/allocation/fence';
import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { newTag } from '@leafcutter/coordinator/fakes/samples';
import { poll } from '../support/poll.ts';
import { entry, type StoreUnderTest } from './store-under-test.ts';

/** The part of the store contract by which coordinators agree on one Redis and sweep its fences. */
export function coordinationContract(subject: () => StoreUnderTest, locks: 'row' | 'database'): void {
  let store: Store;
  let other: Store;

  beforeEach(() => {
    store = subject().stores[0];
    other = subject().stores[1] ?? store;
  });

  describe('its generation', () => {
    beforeEach(async () => {
      await store.identify('layout');
    });
    const generation = async () => (await other.identify('layout')).generation;

    test('changes only from what it is, for one of many that try at once', async () => {
      const before = await generation();
      const tries = Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? store : other).changeGeneration(before, `g${n}`),
      );
      expect((await Promise.all(tries)).filter((changed) => changed)).toHaveLength(1);
      const after = await generation();
      expect(await store.changeGeneration('never', 'x')).toBe(false);
      expect(await store.changeGeneration(undefined, 'x')).toBe(false);
      expect(await generation()).toBe(after);
    });

    test('is told to every transaction, and noted as found by those who find it', async () => {
      await store.changeGeneration(await generation(), 'g1');
      await store.createTag(newTag('orders'));
      await store.ensureMachineIds(3, 3);
      expect(await other.withTag('orders', async (row) => row.generation)).toBe('g1');
      expect(await other.withMachineId(3, async (row) => row.generation)).toBe('g1');
      const { confirmedAtMs } = await store.identify('layout');
      expect(confirmedAtMs).toBeGreaterThan(1_700_000_000_000);
      await poll(async () => (await store.now()) > confirmedAtMs);
      await store.confirmGeneration('another');
      expect(await other.identify('layout')).toMatchObject({ confirmedAtMs });
      await store.confirmGeneration('g1');
      expect((await other.identify('layout')).confirmedAtMs).toBeGreaterThan(confirmedAtMs);
    });

    test('does not make transactions on different tags wait for each other', async () => {
      for (const tag of ['a', 'b']) await store.createTag(newTag(tag));
      const both = store.withTag('a', async () =>
        locks === 'row' ? other.withTag('b', async (row) => row.generation) : undefined,
      );
      await expect(both).resolves.not.toBeNull();
    });
  });

  test('notes a sweep for who knows the last one', async () => {
    await store.identify('layout');
    expect(await store.finishSweep({ sweep: 0, confirmedAtMs: 0, nowMs: 123 }, 1)).toBe(true);
    expect(await other.finishSweep({ sweep: 0, confirmedAtMs: 0, nowMs: 456 }, 2)).toBe(false);
    expect(await other.identify('layout')).toMatchObject({ sweep: 1, sweptAtMs: 123 });
  });

  test('notes no sweep that began after Redis was last found, as far as the database remembers', async () => {
    const { confirmedAtMs } = await store.identify('layout');
    const begun = { sweep: 0, confirmedAtMs: confirmedAtMs + 1, nowMs: 123 };
    expect(await store.finishSweep(begun, 1)).toBe(false);
    expect(await store.identify('layout')).toMatchObject({ sweep: 0 });
  });

  test.each([
    ['tag', () => store.withTag.bind(store, 'orders')],
    ['machine id', () => store.withMachineId.bind(store, 5)],
  ])('a transaction that holds the row of a %s is waited for', async (_kind, transaction) => {
    await store.createTag(newTag('orders'));
    await store.ensureMachineIds(5, 5);
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: reached, resolve: hasRow } = Promise.withResolvers<void>();
    const order: string[] = [];
    const holding = transaction()(async () => {
      hasRow();
      await held;
      order.push('over');
    });
    await reached;
    const waited = other.untilRowsAreFree().then(() => order.push('free'));
    await Promise.race([waited, new Promise((resolve) => setTimeout(resolve, 100))]);
    letGo();
    await Promise.all([holding, waited]);
    expect(order).toEqual(['over', 'free']);
  });

  describe('its counters', () => {
    const read = async (since?: number) => {
      const seen: SweptCounter[] = [];
      for await (const page of other.counters(since)) seen.push(...page);
      return seen;
    };

    test('are all tags and all machine ids that ever had a window', async () => {
      await store.ensureMachineIds(0, 5);
      for (let n = 0; n < 3; n++) await store.createTag(newTag(`tag${n}`, { nextId: BigInt(n + 1) }));
      await store.withMachineId(4, (row) => row.advance(77n, []));
      const seen = await read();
      for (let n = 0; n < 3; n++)
        expect(seen).toContainEqual({
          name: { kind: 'tag', tag: `tag${n}` },
          value: BigInt(n + 1),
          granted: 0n,
        });
      expect(seen).toContainEqual(
        expect.objectContaining({ name: { kind: 'machine', machineId: 4 }, value: 77n }),
      );
    });

    test('are also what is left of tags whose rows somebody deleted, in every kind of reading', async () => {
      for (const tag of ['kept', 'gone']) {
        await store.createTag(newTag(tag));
        await store.withTag(tag, (row) => row.advance(9n, [{ ...entry(tag, 1n, 9n), grantedAtMs: 100 }]));
      }
      await subject().deleteByHand('gone');
      const gone = { name: { kind: 'tag', tag: 'gone' }, value: 9n, granted: 9n, gone: true };
      for (const since of [undefined, 100]) {
        const seen = await read(since);
        expect(seen).toContainEqual(gone);
        expect(seen.map(({ name }) => name)).toContainEqual({ kind: 'tag', tag: 'kept' });
      }
      const never = { kind: 'tag', tag: 'never' } as const;
      expect(await store.countersOf([gone.name as CounterName, never])).toEqual([
        gone,
        { name: never, value: 0n, granted: 0n, gone: true },
      ]);
    });

    test('are also what the ledger alone still has, and nothing twice', async () => {
      await store.ensureMachineIds(5, 5);
      await store.createTag(newTag('orders'));
      const tag = { kind: 'tag', tag: 'orders' } as const;
      const machine = { kind: 'machine', machineId: 5 } as const;
      const dated = { grantedAtMs: 100 };
      await store.withTag('orders', (row) =>
        row.advance(9n, [
          { ...entry('orders', 1n, 5n), ...dated },
          { ...entry('orders', 5n, 9n), ...dated },
        ]),
      );
      await store.withMachineId(5, (row) =>
        row.advance(7n, [{ ...entry('x', 1n, 7n), ...dated, counter: machine }]),
      );
      for (const name of [tag, machine]) await subject().deleteAllByHand(name);
      const left = [
        { name: tag, value: 9n, granted: 9n, gone: true },
        { name: machine, value: 7n, granted: 7n, gone: true },
      ];
      for (const since of [undefined, 100]) expect(await read(since)).toEqual(left);
      expect(await store.countersOf([tag, machine])).toEqual(left);
    });

    test('that are gone are remembered with what the fence knows of them', async () => {
      await store.remember('lost', [{ ...entry('lost', 1n, 77n), grantedAtMs: 100 }]);
      const lost = { kind: 'tag', tag: 'lost' } as const;
      expect(await other.countersOf([lost])).toEqual([{ name: lost, value: 77n, granted: 77n, gone: true }]);
      expect(await read()).toContainEqual({ name: lost, value: 77n, granted: 77n, gone: true });
      await other.createTag(newTag('lost', { shape: 'X{decimal}' }));
      expect(await store.withTag('lost', async ({ ledgerTop }) => ledgerTop)).toBe(77n);
    });

    test('are read in pages where there are many', async () => {
      const rows = Array.from({ length: 501 }, (_, n) => `tag${n}`);
      await Promise.all(rows.map((tag) => store.createTag(newTag(tag))));
      expect(new Set((await read()).map(({ name }) => JSON.stringify(name))).size).toBe(501);
    });

    test('that moved since a moment are those that the ledger has an entry of since then', async () => {
      await store.ensureMachineIds(3, 3);
      for (const tag of ['before', 'after']) await store.createTag(newTag(tag));
      await store.withTag('before', (row) =>
        row.advance(9n, [{ ...entry('before', 1n, 9n), grantedAtMs: 100 }]),
      );
      await store.withTag('after', (row) =>
        row.advance(8n, [{ ...entry('after', 1n, 8n), grantedAtMs: 200 }]),
      );
      const machine = { kind: 'machine', machineId: 3 } as const;
      const window = { ...entry('x', 1n, 7n), counter: machine, grantedAtMs: 201 };
      await store.withMachineId(3, (row) => row.advance(7n, [window]));
      expect(await read(200)).toEqual([
        { name: { kind: 'tag', tag: 'after' }, value: 8n, granted: 8n },
        { name: machine, value: 7n, granted: 7n },
      ]);
      expect(await read(202)).toEqual([]);
    });
  });
}
