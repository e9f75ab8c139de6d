import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LedgerEntry } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { holder, newTag } from '@leafcutter/coordinator/fakes/samples';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { coordinationContract } from './coordination-contract.ts';
import { groupContract } from './group-contract.ts';
import { ledgerContract } from './ledger-contract.ts';
import { machineIdContract } from './machine-id-contract.ts';
import { entry, type StoreUnderTest } from './store-under-test.ts';
import { tagContract } from './tag-contract.ts';
import { trailContract } from './trail-contract.ts';

/** What every store promises (`domain/allocation/store.ts`). `locks` says whether a transaction locks one row or all of them. */
export function storeContract(
  name: string,
  locks: 'row' | 'database',
  open: () => Promise<StoreUnderTest>,
): void {
  describe(`the store contract on ${name}`, () => {
    let subject: StoreUnderTest;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      subject = await open();
      store = subject.stores[0];
      other = subject.stores[1] ?? store;
    });
    afterEach(() => subject.close());

    describe('identity', () => {
      test('is random, made once, and told to everyone after', async () => {
        const first = await store.identify('layout-a');
        expect(first).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), layout: 'layout-a' });
        expect(first).toMatchObject({ sweep: 0, sweptAtMs: 0, confirmedAtMs: 0 });
        expect(first.nowMs).toBeGreaterThan(1_700_000_000_000);
        const { nowMs, ...same } = first;
        expect(await store.identify('layout-a')).toMatchObject(same);
        expect(await other.identify('layout-b')).toMatchObject(same);
      });

      test('is one also where many ask for it first', async () => {
        const asked = Array.from({ length: 8 }, (_, n) => (n % 2 ? store : other).identify(`layout-${n}`));
        const told = (await Promise.all(asked)).map(({ id, layout }) => `${id} ${layout}`);
        expect(new Set(told).size).toBe(1);
      });
    });

    coordinationContract(() => subject, locks);

    test('its clock is a clock in unix milliseconds', async () => {
      const before = await store.now();
      expect(Number.isInteger(before)).toBe(true);
      expect(await other.now()).toBeGreaterThanOrEqual(before);
      expect(new Date(before).getUTCFullYear()).toBeGreaterThan(2024);
    });

    describe('a transaction on a tag', () => {
      beforeEach(async () => {
        await store.createTag(newTag('orders'));
      });

      test('shows the counter and resolves to what its work returns', async () => {
        const before = await store.now();
        const seen = await store.withTag('orders', async ({ name, value, nowMs, tag }) => ({
          name,
          value,
          nowMs,
          tag,
        }));
        expect(seen).toMatchObject({
          name: { kind: 'tag', tag: 'orders' },
          value: 1n,
          tag: { tag: 'orders', step: 100 },
        });
        expect(seen.nowMs).toBeGreaterThanOrEqual(before);
      });

      test('raises the counter and writes the ledger, for everyone to see', async () => {
        await advance(store, 'orders', 100n);
        expect(await other.findTag('orders')).toMatchObject({ nextId: 101n, step: 100 });
        expect(await other.readLedger(undefined, 10)).toEqual([entry('orders', 1n, 101n)]);
      });

      test('writes a ledger row for each of many segments', async () => {
        const entries = Array.from({ length: 64 }, (_, n) => entry('orders', 1n + BigInt(n), 2n + BigInt(n)));
        await store.withTag('orders', (row) => row.advance(65n, entries));
        expect(await store.readLedger(undefined, 100)).toEqual(entries);
      });

      test('keeps every digit up to 2^63 − 1', async () => {
        await store.createTag(newTag('top', { nextId: HIGHEST_ID - 1n }));
        await store.withTag('top', (row) =>
          row.advance(HIGHEST_ID + 1n, [entry('top', row.value, HIGHEST_ID + 1n)]),
        );
        expect(await store.findTag('top')).toMatchObject({ nextId: HIGHEST_ID + 1n });
        expect(await store.readLedger(undefined, 9)).toEqual([
          entry('top', HIGHEST_ID - 1n, HIGHEST_ID + 1n),
        ]);
      });

      test('whose work throws leaves nothing behind and throws the very same', async () => {
        const reason = new Error('thrown by the work');
        const thrown = store.withTag('orders', async (row) => {
          await row.advance(101n, [entry('orders', 1n, 101n)]);
          throw reason;
        });
        await expect(thrown).rejects.toBe(reason);
        expect(await store.findTag('orders')).toMatchObject({ nextId: 1n });
        expect(await store.readLedger(undefined, 10)).toEqual([]);
        await advance(store, 'orders', 5n);
      });

      test('on a tag that is not there is TAG_UNKNOWN', async () => {
        await expect(advance(store, 'nobody', 1n)).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
      });

      test('makes the next one on the same tag wait, and that one sees what it wrote', async () => {
        const order: string[] = [];
        const { promise: gate, resolve: release } = Promise.withResolvers<void>();
        const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
        const first = store.withTag('orders', async (row) => {
          enter();
          await gate;
          order.push(`first ${row.value}`);
          await row.advance(11n, [entry('orders', 1n, 11n)]);
        });
        await entered;
        const second = other.withTag('orders', async (row) => {
          order.push(`second ${row.value}`);
        });
        setTimeout(release, 50);
        await Promise.all([first, second]);
        expect(order).toEqual(['first 1', 'second 11']);
      });

      if (locks === 'row') {
        test('does not keep another tag waiting', async () => {
          await store.createTag(newTag('users'));
          await store.withTag('orders', () => advance(other, 'users', 10n));
          expect(await store.findTag('users')).toMatchObject({ nextId: 11n });
        });
      }

      test('never loses an update, however many come at once through every handle', async () => {
        const starts = await raceForRanges([store, other], 'orders', 40);
        expect(starts).toEqual(Array.from({ length: 40 }, (_, n) => 1n + 10n * BigInt(n)));
        expect(await store.findTag('orders')).toMatchObject({ nextId: 401n });
      });
    });

    describe('the ledger', () => {
      const order: [LedgerEntry['counter'], bigint][] = [
        [{ kind: 'machine', machineId: 2 }, 5n],
        [{ kind: 'machine', machineId: 10 }, 1n],
        [{ kind: 'machine', machineId: 100 }, 1n],
        [{ kind: 'tag', tag: '10' }, 1n],
        [{ kind: 'tag', tag: 'B' }, 9n],
        [{ kind: 'tag', tag: 'B' }, 10n],
        [{ kind: 'tag', tag: 'a' }, 1n],
        [{ kind: 'tag', tag: 'ä' }, 1n],
        [{ kind: 'tag', tag: '\ufffd' }, 1n],
        [{ kind: 'tag', tag: '😀' }, 1n],
      ];

      beforeEach(async () => {
        await store.ensureMachineIds(0, 127);
        for (const [counter, start] of [...order].reverse().sort((a, b) => Number(a[1] - b[1]))) {
          const row = { counter, start, end: start + 1n, ...holder(1), coordinatorId: 'c1', grantedAtMs: 1 };
          if (counter.kind === 'machine') {
            await store.withMachineId(counter.machineId, (locked) => locked.advance(row.end, [row]));
          } else {
            if ((await store.findTag(counter.tag)) === undefined)
              await subject.insertByHand(counter.tag, 1n, 1);
            await store.withTag(counter.tag, (locked) => locked.advance(row.end, [row]));
          }
        }
      });

      test.each([1, 3, 100])(
        'is read in order of kind, counter and start, %d rows at a time',
        async (limit) => {
          const seen: LedgerEntry[] = [];
          for (;;) {
            const last = seen.at(-1);
            const page = await store.readLedger(last && { counter: last.counter, start: last.start }, limit);
            seen.push(...page);
            if (page.length < limit) break;
          }
          expect(seen.map(({ counter, start }) => [counter, start])).toEqual(order);
        },
      );
    });

    describe('a counter’s newest ranges', () => {
      beforeEach(async () => {
        for (const tag of ['orders', 'other', 'unused']) await store.createTag(newTag(tag));
        await advance(store, 'orders', 100n);
        await advance(store, 'orders', 50n);
        await advance(store, 'other', 120n);
        await advance(store, 'orders', 10n);
      });
      const starts = (ranges: readonly LedgerEntry[]) => ranges.map(({ start }) => start);

      test('come highest first, below a number where one is given', async () => {
        const orders = { kind: 'tag', tag: 'orders' } as const;
        expect(starts(await store.latestRanges(orders, undefined, 10))).toEqual([151n, 101n, 1n]);
        expect(starts(await store.latestRanges(orders, undefined, 2))).toEqual([151n, 101n]);
        expect(starts(await store.latestRanges(orders, 151n, 10))).toEqual([101n, 1n]);
        expect(starts(await store.latestRanges(orders, 1n, 10))).toEqual([]);
        expect(await store.latestRanges({ kind: 'machine', machineId: 3 }, undefined, 10)).toEqual([]);
      });

      test('that hold an ID are found among all tags, page by page', async () => {
        const holding = async (id: bigint) => {
          const { ranges } = await store.rangesHolding(id, undefined, 10);
          return ranges.map(({ counter, start }) => [counter.kind === 'tag' && counter.tag, start]);
        };
        expect(await holding(100n)).toEqual([
          ['orders', 1n],
          ['other', 1n],
        ]);
        expect(await holding(120n)).toEqual([
          ['orders', 101n],
          ['other', 1n],
        ]);
        expect(await holding(121n)).toEqual([['orders', 101n]]);
        expect(await holding(161n)).toEqual([]);
        const found: string[] = [];
        let after: string | undefined;
        for (let page = 0; page < 5; page++) {
          const { ranges, next } = await store.rangesHolding(1n, after, 1);
          for (const { counter } of ranges) if (counter.kind === 'tag') found.push(counter.tag);
          if (next === undefined) break;
          after = next;
        }
        expect(found.sort()).toEqual(['orders', 'other']);
      });
    });

    tagContract(() => subject);
    groupContract(() => subject, locks);
    ledgerContract(() => subject);
    trailContract(() => subject);
    machineIdContract(() => subject);
  });
}

/**
 * Takes `count` ranges of ten numbers at once through the stores in turn, and resolves to their starts in order.
 * Every transaction reads, waits a moment, and writes, so that without a lock they would overtake each other.
 */
export async function raceForRanges(stores: readonly Store[], tag: string, count: number): Promise<bigint[]> {
  const asked = Array.from({ length: count }, (_, n) =>
    (stores[n % stores.length] as Store).withTag(tag, async (row) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await row.advance(row.value + 10n, [entry(tag, row.value, row.value + 10n)]);
      return row.value;
    }),
  );
  return (await Promise.all(asked)).sort((a, b) => Number(a - b));
}

async function advance(store: Store, tag: string, by: bigint): Promise<void> {
  await store.withTag(tag, (row) => row.advance(row.value + by, [entry(tag, row.value, row.value + by)]));
}
