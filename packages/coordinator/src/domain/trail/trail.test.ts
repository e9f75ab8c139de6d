import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { createTagRequest } from '@leafcutter/shared/wire';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { OneTag } from '../../fakes/one-tag.ts';
import { TagAdmin } from '../tags/tags.ts';

const AUTHOR = { actor: 'alice', origin: '192.0.2.7', coordinatorId: 'c1' };

async function trailOf(store: MemoryStore) {
  const trail = await store.readTrail({ limit: 100 });
  return trail.map(({ action, actor, before, after }) => [action, actor, before, after]);
}

describe('a change of a tag and its entry in the trail', () => {
  let store: MemoryStore;
  let admin: TagAdmin;
  let noted: string[];

  beforeEach(async () => {
    noted = [];
    store = new MemoryStore(new FakeClock());
    const events = { trailNoted: (action: string) => void noted.push(action) };
    admin = new TagAdmin(store, { maxStep: 1_000_000, targetDurationS: 600 }, events);
    await admin.create(createTagRequest.parse({ tag: 'orders' }), AUTHOR);
  });

  test('are there together or not at all, however the transaction ends', async () => {
    store.failNext('before-commit');
    await expect(admin.change('orders', { step: 5 }, AUTHOR)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect([(await store.findTag('orders'))?.step, (await trailOf(store)).length]).toEqual([1_000, 1]);
    store.failNext('after-commit');
    await expect(admin.change('orders', { step: 5 }, AUTHOR)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect((await store.findTag('orders'))?.step).toBe(5);
    expect((await trailOf(store))[0]).toEqual(['tag.change', 'alice', { step: 1_000 }, { step: 5 }]);
  });

  test('are counted once it is known that they are there', async () => {
    await admin.change('orders', { step: 5 }, AUTHOR);
    await admin.change('orders', { step: 5 }, AUTHOR);
    store.failNext('before-commit');
    await admin.retire('orders', AUTHOR).catch(() => undefined);
    expect(noted).toEqual(['tag.create', 'tag.change']);
  });

  test('name the program if nobody says who', async () => {
    await admin.retire('orders');
    expect((await trailOf(store))[0]?.[1]).toBe('(program)');
  });
});

describe('a counter that was lowered', () => {
  test('is in the trail, and again if MySQL forgot that and learnt it from Redis', async () => {
    const tag = await OneTag.make(100);
    await tag.mistypeAndLower(501n);
    const lowered = ['tag.lower', '(program)', expect.objectContaining({ nextId: expect.any(String) })];
    expect(await trailOf(tag.store)).toEqual([
      [...lowered, { nextId: '101', highestId: expect.any(String) }],
    ]);
    tag.store.database.loseLast(1);
    expect(await trailOf(tag.store)).toEqual([]);
    await tag.guard.sweep();
    expect(await trailOf(tag.store)).toEqual([
      ['tag.lower', '(sweep)', { nextId: expect.any(String) }, { nextId: '101' }],
    ]);
  });
});
