import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { holder, newTag } from '@leafcutter/coordinator/fakes/samples';
import type { StoreUnderTest } from './store-under-test.ts';

/** The part of the store contract about the ranges of a locked counter, and how they are merged. */
export function ledgerContract(subject: () => StoreUnderTest): void {
  let store: Store;
  let other: Store;

  beforeEach(() => {
    store = subject().stores[0];
    other = subject().stores[1] ?? store;
  });

  describe('a tag’s ranges in the ledger', () => {
    test('are told by where they end below, and begin above, a number', async () => {
      await store.createTag(newTag('orders'));
      await store.createTag(newTag('orders2'));
      const range = (start: bigint, end: bigint) => ({
        counter: { kind: 'tag', tag: 'orders' } as const,
        start,
        end,
        ...holder(1),
        coordinatorId: 'c',
        grantedAtMs: 1,
      });
      await store.withTag('orders', (row) =>
        row.advance(500n, [range(1n, 11n), range(21n, 31n), range(400n, 500n)]),
      );
      const asked = await store.withTag('orders', async (row) => [
        ...[row.ledgerTop, await row.ledgerEnd(400n), await row.ledgerEnd(1n)],
        ...[await row.nextRangeStart(0n), await row.nextRangeStart(21n), await row.nextRangeStart(401n)],
      ]);
      expect(asked).toEqual([500n, 31n, 0n, 1n, 21n, undefined]);
      expect(await store.withTag('orders2', async (row) => row.ledgerTop)).toBe(0n);
    });

    test('are merged: one stands for those inside it, and neighbours and other tags keep theirs', async () => {
      const range = (tag: string, start: bigint, end: bigint) => ({
        counter: { kind: 'tag', tag } as const,
        start,
        end,
        ...holder(1),
        coordinatorId: 'c',
        grantedAtMs: 1,
      });
      for (const tag of ['orders', 'orders2']) {
        await store.createTag(newTag(tag));
        const ranges = [1n, 11n, 21n, 31n].map((start) => range(tag, start, start + 10n));
        await store.withTag(tag, (row) => row.advance(41n, ranges));
      }
      const whole = { ...range('orders', 11n, 31n), ...holder(2), grantedAtMs: 2 };
      await store.withTag('orders', async (row) => {
        expect((await row.rangesFrom(11n, 30n)).map(({ start }) => start)).toEqual([11n, 21n]);
        await row.mergeRanges(whole, 2);
      });
      const after = await other.latestRanges({ kind: 'tag', tag: 'orders' }, undefined, 9);
      expect(after).toEqual([range('orders', 31n, 41n), whole, range('orders', 1n, 11n)]);
      expect(await other.latestRanges({ kind: 'tag', tag: 'orders2' }, undefined, 9)).toHaveLength(4);
    });

    test('leave holes, which are told', async () => {
      await store.createTag(newTag('orders'));
      const name = { kind: 'tag', tag: 'orders' } as const;
      const ranges = [11n, 21n, 41n].map((start) => ({
        counter: name,
        start,
        end: start + 10n,
        ...holder(1),
        coordinatorId: 'c',
        grantedAtMs: 1,
      }));
      await store.withTag('orders', (row) => row.advance(51n, ranges));
      const holes = async (start: bigint, end: bigint) => {
        const locked = await store.withTag('orders', (row) => row.holes({ start, end }));
        expect(await other.holes(name, { start, end })).toEqual(locked);
        return locked.map((hole) => `${hole.start}-${hole.end}`);
      };
      expect(await holes(1n, 61n)).toEqual(['1-11', '31-41', '51-61']);
      expect(await holes(11n, 51n)).toEqual(['31-41']);
      expect(await holes(21n, 31n)).toEqual([]);
      expect(await holes(51n, 52n)).toEqual(['51-52']);
      expect(await holes(1n, 5n)).toEqual(['1-5']);
    });

    test('are merged as they were counted, or not at all', async () => {
      await store.createTag(newTag('orders'));
      const range = (start: bigint, end: bigint) => ({
        counter: { kind: 'tag', tag: 'orders' } as const,
        start,
        end,
        ...holder(1),
        coordinatorId: 'c',
        grantedAtMs: 1,
      });
      await store.withTag('orders', (row) => row.advance(31n, [range(1n, 11n), range(21n, 31n)]));
      await expect(store.withTag('orders', (row) => row.mergeRanges(range(1n, 31n), 3))).rejects.toThrow(
        'changed',
      );
      expect(await other.latestRanges({ kind: 'tag', tag: 'orders' }, undefined, 9)).toHaveLength(2);
    });
  });
}
