import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { DatedTags } from '@leafcutter/coordinator/domain/tags/dated-tags';
import { holder, newTag } from '@leafcutter/coordinator/fakes/samples';
import { datedName } from '@leafcutter/shared/dated';
import type { StoreUnderTest } from './store-under-test.ts';

/** The part of the store contract that is about creating, finding and changing tags. */
export function tagContract(subject: () => StoreUnderTest): void {
  let store: Store;
  let other: Store;

  beforeEach(() => {
    store = subject().stores[0];
    other = subject().stores[1] ?? store;
  });

  describe('a tag', () => {
    test('is kept with all that was said of it', async () => {
      const own = {
        nextId: 5n,
        step: 7,
        maxStep: 70,
        targetDurationS: 60,
        highestId: 10n ** 18n,
        description: 'Größe 😀 \\ \'"',
      };
      const record = { ...newTag('orders', own), retired: false, highWater: 0n, firstId: 5n };
      expect(await store.createTag(newTag('orders', own))).toEqual(record);
      expect(await other.findTag('orders')).toEqual(record);
    });

    test('is kept with nothing said of it', async () => {
      const record = { ...newTag('orders'), retired: false, highWater: 0n, firstId: 1n };
      expect(await store.createTag(newTag('orders'))).toEqual(record);
      expect(await other.findTag('orders')).toEqual(record);
    });

    test('is kept with its shape, retired or not', async () => {
      const own = newTag('orders', { shape: 'ORD-{base36:8}' });
      expect(await store.createTag(own)).toEqual({ ...own, retired: false, highWater: 0n, firstId: 1n });
      expect(await other.withTag('orders', async (row) => row.tag)).toMatchObject({
        shape: 'ORD-{base36:8}',
        retired: false,
      });
      await other.changeTag('orders', { step: 7 });
      expect(await store.findTag('orders')).toMatchObject({ retired: false, step: 7 });
      await store.changeTag('orders', { retired: true });
      expect(await other.findTags(['orders'])).toMatchObject([{ shape: 'ORD-{base36:8}', retired: true }]);
    });

    test.each([
      ['{base36:2}', '{decimal:2}'],
      ['{base36:2}', undefined],
      [undefined, '{base36:2}'],
    ])('with shape %s that handed out numbers is not made again with %s', async (shape, again) => {
      await store.createTag(newTag('orders', { shape }));
      await store.withTag('orders', (row) => row.advance(101n, []));
      await subject().deleteByHand('orders');
      await expect(other.createTag(newTag('orders', { shape: again }))).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        reason: 'shape',
      });
      expect(await store.findTag('orders')).toBeUndefined();
      expect(await other.createTag(newTag('orders', { shape }))).toMatchObject({
        shape,
        nextId: 101n,
        // Above all that the earlier tag of this name handed out.
        firstId: 101n,
      });
    });

    test('exists, whatever shape another one of its name is to have', async () => {
      await store.createTag(newTag('orders', { shape: 'ORD-{base36:8}' }));
      await store.withTag('orders', (row) => row.advance(101n, []));
      for (const shape of ['ORD-{base36:8}', 'INV-{decimal}', undefined])
        await expect(other.createTag(newTag('orders', { shape }))).rejects.toMatchObject({
          code: 'TAG_EXISTS',
        });
    });

    test('of a day is made once by all who make it together, with the shape and the step of its template', async () => {
      await store.createTag(newTag('o{yyyyMMdd}', { shape: '{yyyyMMdd}{decimal:6}', step: 7 }));
      const today = datedName('o{yyyyMMdd}', await store.now());
      const makers = Array.from({ length: 8 }, (_, n) => new DatedTags(n % 2 === 0 ? store : other, 60_000));
      await Promise.all(makers.map((dated) => dated.prepare(today)));
      const shape = `${today.slice(2, 10)}{decimal:6}`;
      expect(await other.findTag(today)).toMatchObject({ shape, nextId: 1n, step: 7, retired: false });
      expect(await store.listTags(undefined, 9)).toHaveLength(2);
    });

    test('that is a template keeps its shape whatever is deleted by hand: the tags of its days have it', async () => {
      const template = newTag('o{yyyyMMdd}', { shape: '{yyyyMMdd}{decimal}' });
      await store.createTag(template);
      await subject().deleteByHand(template.tag);
      await expect(other.createTag({ ...template, shape: '1{yyyyMMdd}{decimal}' })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        reason: 'shape',
      });
      expect(await other.createTag(template)).toMatchObject({ shape: template.shape });
    });

    test('is found by its shape: retired and deleted ones too, days of a template not', async () => {
      const shapes = {
        c: 'B{decimal}',
        b: 'A{decimal:3}',
        a: 'A{decimal}',
        d: 'a{decimal}',
        e: 'A{decimal}',
      };
      for (const [tag, shape] of Object.entries(shapes)) await store.createTag(newTag(tag, { shape }));
      await store.createTag(newTag('bare'));
      await store.createTag(newTag('o{yyyyMMdd}', { shape: 'A{yyyyMMdd}{decimal:6}' }));
      await new DatedTags(store, 60_000).prepare(datedName('o{yyyyMMdd}', await store.now()));
      await store.changeTag('b', { retired: true });
      await subject().deleteByHand('a');
      const found = async (above: string, below: string, limit = 9) =>
        (await other.listShapes({ above, below }, 'e', limit)).map(({ tag, shape }) => `${tag} ${shape}`);
      const all = ['b A{decimal:3}', 'a A{decimal}', 'o{yyyyMMdd} A{yyyyMMdd}{decimal:6}', 'c B{decimal}'];
      expect(await found('', '\u007f')).toEqual([...all, 'd a{decimal}']);
      expect(await found('', '\u007f', 2)).toEqual(all.slice(0, 2));
      expect(await found('A{', 'A|')).toEqual(all.slice(0, 3));
      expect(await found('A{decimal}', 'B{decimal}')).toEqual(all.slice(2, 3));
      expect(await found('Z', 'Z\u007f')).toEqual([]);
    });

    test('that handed out nothing may be made again with another shape', async () => {
      await store.createTag(newTag('orders', { shape: '{base36:2}' }));
      await subject().deleteByHand('orders');
      await store.createTag(newTag('orders'));
      expect(await other.findTag('orders')).toMatchObject({ shape: undefined, retired: false });
    });

    test('is made once, whoever else tries at the same moment', async () => {
      const tries = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) =>
          (n % 2 ? store : other).createTag(newTag('orders', { step: n + 1 })),
        ),
      );
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of tries) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'TAG_EXISTS' });
      }
    });

    test('that is not there is not found', async () => {
      expect(await store.findTag('nobody')).toBeUndefined();
    });

    test('is found among others, each once, in whatever number is asked for', async () => {
      for (const tag of ['a', 'b', 'c']) await store.createTag(newTag(tag));
      const found = await store.findTags([
        'c',
        'nobody',
        'a',
        'a',
        ...Array.from({ length: 1_000 }, (_, n) => `x${n}`),
      ]);
      expect(found.map(({ tag }) => tag).sort()).toEqual(['a', 'c']);
      expect(await store.findTags([])).toEqual([]);
    });
  });

  describe('a change of a tag', () => {
    beforeEach(async () => {
      const own = { nextId: 5n, maxStep: 700, targetDurationS: 60, highestId: 1_000n, description: 'old' };
      await store.createTag(newTag('orders', own));
    });

    test('touches what is named and answers the whole', async () => {
      const before = await store.findTag('orders');
      expect(await store.changeTag('orders', { step: 9 })).toEqual({ ...before, step: 9 });
      expect(await store.changeTag('orders', { description: 'new' })).toEqual({
        ...before,
        step: 9,
        description: 'new',
      });
      expect(await other.findTag('orders')).toEqual({ ...before, step: 9, description: 'new' });
    });

    test('to null goes back to the default', async () => {
      const nothing = { maxStep: null, targetDurationS: null, highestId: null, description: null };
      expect(await store.changeTag('orders', nothing)).toEqual({
        ...newTag('orders', { nextId: 5n }),
        retired: false,
        highWater: 0n,
        firstId: 5n,
      });
    });

    test('with the values that stand there already is no error', async () => {
      const before = await store.findTag('orders');
      expect(await store.changeTag('orders', { step: 100, maxStep: 700, description: 'old' })).toEqual(
        before,
      );
    });

    test('of nothing changes nothing', async () => {
      const before = await store.findTag('orders');
      expect(await store.changeTag('orders', {})).toEqual(before);
      expect(await store.changeTag('orders', { step: undefined, maxStep: undefined })).toEqual(before);
    });

    test('to retired stays, and says so inside a transaction', async () => {
      expect(await store.changeTag('orders', { retired: true })).toMatchObject({ retired: true });
      expect(await store.changeTag('orders', { retired: true })).toMatchObject({ retired: true });
      expect(await other.withTag('orders', async (row) => row.tag.retired)).toBe(true);
    });

    test('of a tag that is not there is TAG_UNKNOWN', async () => {
      await expect(store.changeTag('nobody', { step: 1 })).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
    });
  });

  describe('a list of tags', () => {
    const inOrder = ['10', '9', 'A', 'Z', '_x', 'a', 'b', 'z', 'ß', 'ä', '数', '\ufffd', '😀'];

    test('is in bytewise order, page by page', async () => {
      for (const tag of [...inOrder].reverse()) await subject().insertByHand(tag, 1n, 10);
      expect((await store.listTags(undefined, 100)).map(({ tag }) => tag)).toEqual(inOrder);
      expect((await store.listTags(undefined, 3)).map(({ tag }) => tag)).toEqual(['10', '9', 'A']);
      expect((await store.listTags('A', 3)).map(({ tag }) => tag)).toEqual(['Z', '_x', 'a']);
      expect((await store.listTags('\ufffd', 3)).map(({ tag }) => tag)).toEqual(['😀']);
      expect(await store.listTags('😀', 3)).toEqual([]);
    });

    test('goes on after a name that is not there', async () => {
      for (const tag of ['a', 'c']) await store.createTag(newTag(tag));
      expect((await store.listTags('b', 10)).map(({ tag }) => tag)).toEqual(['c']);
    });
  });

  describe('names of tags that exist already', () => {
    test('differ by case', async () => {
      await subject().insertByHand('Order', 100n, 1);
      await subject().insertByHand('order', 200n, 1);
      expect(await store.findTag('Order')).toMatchObject({ tag: 'Order', nextId: 100n });
      expect(await store.findTag('order')).toMatchObject({ tag: 'order', nextId: 200n });
      expect(await store.findTag('ORDER')).toBeUndefined();
      await store.withTag('order', (row) => row.advance(201n, []));
      expect((await store.findTags(['Order', 'order', 'ORDER'])).map(({ nextId }) => nextId).sort()).toEqual([
        100n,
        201n,
      ]);
    });

    test.each([
      ['a trailing space', 'order ', 'order'],
      ['a leading space', ' order', 'order'],
      ['an accent', 'ordér', 'order'],
      ['a combining accent', 'orde\u0301r', 'ordér'],
      ['a full-width letter', 'ｏrder', 'order'],
      ['ß for ss', 'straße', 'strasse'],
    ])('differ by %s', async (_name, standing, asked) => {
      await subject().insertByHand(standing, 7n, 1);
      expect(await store.findTag(asked)).toBeUndefined();
      expect(await store.findTags([asked])).toEqual([]);
      await expect(store.withTag(asked, async () => 'in')).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
      await expect(store.changeTag(asked, { step: 5 })).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
      expect(await store.withTag(standing, async (row) => row.value)).toBe(7n);
      expect(await store.changeTag(standing, { step: 5 })).toMatchObject({
        tag: standing,
        nextId: 7n,
        step: 5,
      });
    });

    test.each([
      "it's",
      'a"b',
      'a\\b',
      'a%b_c',
      'a?b',
      "'; DROP TABLE leaf_alloc; --",
      '订单',
      '😀'.repeat(128),
    ])('may be %s, and are served and changed', async (tag) => {
      await subject().insertByHand(tag, 7n, 50);
      expect(await store.findTags([tag])).toMatchObject([
        { tag, nextId: 7n, step: 50, retired: false, highWater: 0n },
      ]);
      expect(await store.changeTag(tag, { maxStep: 99 })).toMatchObject({ tag, maxStep: 99 });
      await store.withTag(tag, (row) => row.advance(57n, []));
      expect(await store.findTag(tag)).toMatchObject({ nextId: 57n, maxStep: 99 });
    });
  });

  describe('a high-water mark', () => {
    const allocate = (to: bigint) =>
      store.withTag('orders', async (row) => {
        await row.advance(to, [
          { counter: row.name, start: row.value, end: to, ...holder(1), coordinatorId: 'c', grantedAtMs: 1 },
        ]);
        return row.value;
      });

    test('rises with the counter, also of a tag that was entered by hand', async () => {
      await subject().insertByHand('orders', 5n, 10);
      expect(await other.findTag('orders')).toMatchObject({ highWater: 0n });
      expect(await allocate(15n)).toBe(5n);
      expect(await other.findTag('orders')).toMatchObject({ nextId: 15n, highWater: 15n });
      expect(await allocate(25n)).toBe(15n);
      expect(await other.findTag('orders')).toMatchObject({ nextId: 25n, highWater: 25n });
    });

    test('outlives the tag’s row: made again by hand, it starts above', async () => {
      await store.createTag(newTag('orders'));
      await allocate(101n);
      await subject().deleteByHand('orders');
      expect(await store.findTag('orders')).toBeUndefined();
      await subject().insertByHand('orders', 1n, 10);
      expect(await store.withTag('orders', async (row) => row.value)).toBe(101n);
      expect(await allocate(201n)).toBe(101n);
      expect(await other.findTag('orders')).toMatchObject({ nextId: 201n, highWater: 201n });
    });

    test('outlives it through the API, too, also of a tag that was retired', async () => {
      await store.createTag(newTag('orders'));
      await allocate(101n);
      await store.changeTag('orders', { retired: true });
      await subject().deleteByHand('orders');
      expect(await store.createTag(newTag('orders', { nextId: 7n }))).toMatchObject({
        nextId: 101n,
        highWater: 101n,
        retired: false,
      });
    });

    test('is lowered with the counter in a later era, which gets a highest ID', async () => {
      await store.createTag(newTag('orders'));
      await allocate(101n);
      const taken = { start: 91n, end: 101n };
      await store.withTag('orders', (row) => row.advance(51n, [], { era: 3, taken }));
      expect(await other.findTag('orders')).toMatchObject({ nextId: 51n, highWater: 51n, highestId: 90n });
      const era = () => other.withTag('orders', async (row) => ({ era: row.era, taken: row.taken }));
      expect(await era()).toEqual({ era: 3, taken });
      await store.withTag('orders', (row) => row.advance(201n, [], { era: 4 }));
      expect(await era()).toEqual({ era: 4, taken: undefined });
      expect(await other.findTag('orders')).toMatchObject({ nextId: 201n, highestId: 90n });
    });
  });
}
