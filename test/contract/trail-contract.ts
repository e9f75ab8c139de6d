import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import type { TrailEntry } from '@leafcutter/coordinator/domain/trail/trail';
import { newTag } from '@leafcutter/coordinator/fakes/samples';
import { createTagRequest } from '@leafcutter/shared/wire';
import type { StoreUnderTest } from './store-under-test.ts';

const AUTHOR = { actor: 'alice', origin: '192.0.2.7', coordinatorId: 'c1' };

function entryOf(subject: string, own: Partial<TrailEntry> = {}): TrailEntry {
  return { ...AUTHOR, action: 'tag.change', subject, before: { step: 1 }, after: { step: 2 }, ...own };
}

/** The part of the store contract that is about the audit trail. */
export function trailContract(subject: () => StoreUnderTest): void {
  let store: Store;
  let other: Store;

  beforeEach(() => {
    store = subject().stores[0];
    other = subject().stores[1] ?? store;
  });

  const subjects = async (query: Partial<Parameters<Store['readTrail']>[0]> = {}) =>
    (await other.readTrail({ limit: 100, ...query })).map((entry) => entry.subject);

  describe('the audit trail', () => {
    test('keeps each change of a tag, with what was before and after', async () => {
      const admin = new TagAdmin(store, { maxStep: 1_000_000, targetDurationS: 600 });
      const description = 'Größe 😀 \\ \'" \u2028';
      await admin.create(createTagRequest.parse({ tag: 'orders', shape: 'A{decimal:6}' }), AUTHOR);
      await store.changeTag('orders', { description }, (before, after) =>
        entryOf(after.tag, {
          before: { description: before?.description ?? null },
          after: { description: after.description ?? null },
        }),
      );
      await admin.change('orders', { step: 1_000, maxStep: 5_000 }, AUTHOR);
      await admin.change('orders', { maxStep: null }, AUTHOR);
      await admin.change('orders', { maxStep: null }, AUTHOR);
      await admin.retire('orders', { ...AUTHOR, actor: 'bob' });
      await admin.retire('orders', AUTHOR);
      const trail = await other.readTrail({ limit: 100 });
      expect(trail.map(({ action, actor, before, after }) => [action, actor, before, after])).toEqual([
        ['tag.retire', 'bob', { state: 'active' }, { state: 'retired' }],
        ['tag.change', 'alice', { maxStep: 5_000 }, { maxStep: null }],
        ['tag.change', 'alice', { maxStep: null }, { maxStep: 5_000 }],
        ['tag.change', 'alice', { description: null }, { description }],
        [
          'tag.create',
          'alice',
          null,
          expect.objectContaining({ nextId: '1', step: 1_000, shape: 'A{decimal:6}' }),
        ],
      ]);
      expect(trail).toEqual(
        trail.map((entry) => ({ ...entry, subject: 'orders', origin: '192.0.2.7', coordinatorId: 'c1' })),
      );
      const now = await store.now();
      expect(trail.every(({ atMs }) => atMs <= now && atMs > now - 600_000)).toBe(true);
    });

    test('has nothing of a change that did not happen', async () => {
      await store.createTag(newTag('orders'));
      const failing = store.withTag('orders', async (row) => {
        await row.note(entryOf('orders'));
        throw new Error('thrown away');
      });
      await expect(failing).rejects.toThrow('thrown away');
      await expect(store.createTag(newTag('orders'), () => entryOf('orders'))).rejects.toMatchObject({
        code: 'TAG_EXISTS',
      });
      expect(await subjects()).toEqual([]);
      await store.withTag('orders', (row) => row.note(entryOf('orders')));
      expect(await subjects()).toEqual(['orders']);
    });

    test('is read page by page, newest first, of one tag or one actor', async () => {
      for (const tag of ['a', 'b', 'ä', 'a', 'B'])
        await store.note(entryOf(tag, { actor: `of-${tag.length}` }));
      await store.note(entryOf('', { action: 'settings.reload', actor: '(configuration)', before: null }));
      expect(await subjects()).toEqual(['', 'B', 'a', 'ä', 'b', 'a']);
      const [, , last] = await other.readTrail({ limit: 3 });
      expect(await subjects({ after: last, limit: 2 })).toEqual(['ä', 'b']);
      expect(await subjects({ tag: 'a' })).toEqual(['a', 'a']);
      expect(await subjects({ tag: 'ä' })).toEqual(['ä']);
      expect(await subjects({ tag: 'b', actor: 'of-1' })).toEqual(['b']);
      expect(await subjects({ actor: '(configuration)' })).toEqual(['']);
      expect(await subjects({ actor: 'nobody' })).toEqual([]);
    });

    test('forgets what is older than a moment', async () => {
      for (let n = 0; n < 3; n++) await store.note(entryOf(`t${n}`));
      const [newest] = await other.readTrail({ limit: 1 });
      expect(await store.pruneTrail((newest?.atMs ?? 0) - 600_000)).toBe(0);
      expect(await store.pruneTrail((newest?.atMs ?? 0) + 1)).toBe(3);
      expect(await subjects()).toEqual([]);
    });
  });
}
