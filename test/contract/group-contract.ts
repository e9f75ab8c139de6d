import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Advance, Locked, LockedGroup, Store } from '@leafcutter/coordinator/domain/allocation/store';
import { holder, newTag } from '@leafcutter/coordinator/fakes/samples';
import { entry, type StoreUnderTest } from './store-under-test.ts';

const TAGS = ['Orders', 'ord', 'örders', '😀'];

/** What a store promises of transactions on several counters. `locks`: as in `storeContract`. */
export function groupContract(open: () => StoreUnderTest, locks: 'row' | 'database'): void {
  let subject: StoreUnderTest;
  let store: Store;
  let other: Store;

  /** Ten numbers of each. */
  const ten = (group: LockedGroup<Locked>): Promise<void> =>
    group.advance(
      group.rows.map(({ name, value }): Advance => {
        const range = { start: value, end: value + 10n };
        const by = { ...holder(1), coordinatorId: 'c1', grantedAtMs: 123 };
        return { name, to: range.end, entries: [{ counter: name, ...range, ...by }] };
      }),
    );
  const names = ({ rows }: LockedGroup<Locked>) =>
    rows.map(({ name }) => (name.kind === 'tag' ? name.tag : name.machineId)).sort();

  describe('a transaction on several counters', () => {
    beforeEach(async () => {
      subject = open();
      store = subject.stores[0];
      other = subject.stores[1] ?? store;
      for (const tag of TAGS) await store.createTag(newTag(tag));
      await store.ensureMachineIds(0, 12);
    });

    test('raises each and writes the ledger, for everyone to see', async () => {
      await subject.insertByHand('by-hand', 7n, 100);
      for (let n = 0; n < 2; n++) await store.withTags([...TAGS, 'by-hand'], ten);
      for (const tag of TAGS)
        expect(await other.findTag(tag)).toMatchObject({ nextId: 21n, highWater: 21n, step: 100 });
      expect(await other.findTag('by-hand')).toMatchObject({ nextId: 27n, highWater: 27n });
      expect(await other.latestRanges({ kind: 'tag', tag: '😀' }, undefined, 9)).toEqual([
        entry('😀', 11n, 21n),
        entry('😀', 1n, 11n),
      ]);
      expect(await other.readLedger(undefined, 99)).toHaveLength(10);
    });

    test('shows each as a transaction on it alone does', async () => {
      await store.withTags(['ord', 'Orders'], ten);
      const own = { era: 2, taken: { start: 500n, end: 900n } };
      await store.withTag('ord', (row) => row.advance(31n, [entry('ord', 900n, 950n)], own));
      const shown = ({ nowMs, ...row }: Locked) => JSON.stringify(row, (_, value) => String(value));
      const together = await store.withTags(TAGS, async ({ rows }) =>
        rows.map((row) => [row.tag.tag, shown(row), row.ledgerTop] as const),
      );
      expect(together).toHaveLength(TAGS.length);
      for (const [tag, text, top] of together) {
        expect(await store.withTag(tag, async (row) => [shown(row), row.ledgerTop])).toEqual([text, top]);
      }
    });

    test('does the same with machine ids and their takers', async () => {
      await store.withMachineIds([2, 10, 12], ten);
      await other.withMachineIds([10, 2], async (group) => {
        const at = (machineId: number) => group.rows.find((row) => row.machine.machineId === machineId);
        expect([at(2)?.value, at(2)?.ledgerTop, at(10)?.ledgerTop]).toEqual([10n, 10n, 10n]);
        await group.advance(
          group.rows.map(({ name, machine }) => {
            const taker = { holder: holder(machine.machineId), windowMs: machine.machineId };
            return { name, to: 20n, entries: [], taker: machine.machineId === 10 ? taker : undefined };
          }),
        );
      });
      const [two, ten_, twelve] = await Promise.all(
        [2, 10, 12].map(async (id) => (await store.listMachineIds(id, id, 0, 1))[0]),
      );
      expect(two).toEqual({ machineId: 2, ceilingMs: 20n, windowMs: 0, holder: undefined });
      expect(ten_).toEqual({ machineId: 10, ceilingMs: 20n, windowMs: 10, holder: holder(10) });
      expect(twelve).toMatchObject({ ceilingMs: 10n });
    });

    test('leaves out what is not there', async () => {
      const asked = [...TAGS, 'nobody', 'ORD'];
      expect(await store.withTags(asked, async (group) => names(group))).toEqual([...TAGS].sort());
      expect(await store.withTags(['nobody'], async (group) => names(group))).toEqual([]);
      expect(await store.withMachineIds([3, 99], async (group) => names(group))).toEqual([3]);
    });

    test('raises no more than it is told to', async () => {
      await store.withTags(TAGS, (group) =>
        ten({ ...group, rows: group.rows.filter(({ tag }) => tag.tag === 'ord') }),
      );
      const found = await store.findTags(TAGS);
      expect(found.map(({ tag, nextId }) => [tag, nextId]).sort()).toEqual(
        TAGS.map((tag) => [tag, tag === 'ord' ? 11n : 1n]).sort(),
      );
    });

    test('whose work throws leaves nothing behind of any', async () => {
      const reason = new Error('thrown by the work');
      const thrown = store.withTags(TAGS, async (group) => {
        await ten(group);
        throw reason;
      });
      await expect(thrown).rejects.toBe(reason);
      expect(await store.readLedger(undefined, 9)).toEqual([]);
      expect((await store.findTags(TAGS)).map(({ nextId }) => nextId)).toEqual(TAGS.map(() => 1n));
    });

    if (locks === 'row') {
      test('leaves out the rows that somebody else holds, and waits for none', async () => {
        const seen = await store.withTag('ord', () => other.withTags(TAGS, async (group) => names(group)));
        expect(seen).toEqual(TAGS.filter((tag) => tag !== 'ord').sort());
        const ids = await store.withMachineIds([1, 2], () =>
          other.withMachineIds([3, 2, 1, 0], async (group) => names(group)),
        );
        expect(ids).toEqual([0, 3]);
      });

      test('in whatever order groups ask, none waits for another', async () => {
        const seen = await store.withTags(TAGS.slice(0, 2), () =>
          other.withTags(TAGS.toReversed(), async (group) => names(group)),
        );
        expect(seen).toEqual(TAGS.slice(2).sort());
      });
    }

    test('never loses an update, however many come at once through every handle', async () => {
      const starts = new Map<string, bigint[]>(TAGS.map((tag) => [tag, []]));
      const take = (n: number) =>
        (n % 2 ? store : other).withTags(n % 3 ? TAGS : TAGS.toReversed(), async (group) => {
          await ten(group);
          return group.rows.map((row) => [row.tag.tag, row.value] as const);
        });
      for (const granted of await Promise.all(Array.from({ length: 24 }, (_, n) => take(n))))
        for (const [tag, start] of granted) starts.get(tag)?.push(start);
      for (const [tag, got] of starts) {
        const inOrder = [...got].sort((a, b) => Number(a - b));
        expect([tag, inOrder]).toEqual([tag, got.map((_, n) => 1n + 10n * BigInt(n))]);
      }
    });
  });
}
