import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { createTagRequest } from '@leafcutter/shared/wire';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { newTag } from '../../fakes/samples.ts';
import { TagAdmin } from './tags.ts';

let store: MemoryStore;
let admin: TagAdmin;

beforeEach(() => {
  store = new MemoryStore(new FakeClock());
  admin = new TagAdmin(store, { maxStep: 1_000_000, targetDurationS: 600 });
});

const request = (own: Record<string, unknown> = {}) => createTagRequest.parse({ tag: 'orders', ...own });

describe('creating a tag', () => {
  test('starts at 1 with a step of 1,000, and shows the deployment’s defaults', async () => {
    expect(await admin.create(request())).toEqual({
      tag: 'orders',
      state: 'active',
      nextId: '1',
      step: 1_000,
      maxStep: 1_000_000,
      targetDurationS: 600,
      highestId: String(HIGHEST_ID),
      description: null,
      shape: null,
      defaults: ['maxStep', 'targetDurationS', 'highestId'],
      warnings: [],
    });
  });

  test('that is dated ends where its shape has no more room', async () => {
    const dated = request({ tag: 'o{yyyyMMdd}', shape: '{yyyyMMdd}{decimal:2}' });
    expect(await admin.create(dated)).toMatchObject({ highestId: '99' });
  });

  test('that is a template and was deleted by hand keeps its shape: the tags of its days have it', async () => {
    const dated = request({ tag: 'o{yyyyMMdd}', shape: '{yyyyMMdd}{decimal}' });
    await admin.create(dated);
    store.database.tags.delete(dated.tag);
    const other = admin.create({ ...dated, shape: '1{yyyyMMdd}{decimal}' });
    await expect(other).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'shape' });
    await admin.create(dated);
  });

  test('with a shape ends where the shape has no more room, whatever is changed', async () => {
    const made = await admin.create(request({ shape: 'O{base36:2}' }));
    expect(made).toMatchObject({ shape: 'O{base36:2}', highestId: '1295' });
    await expect(admin.change('orders', { highestId: '1296' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      reason: 'highestId',
    });
    expect(await admin.change('orders', { highestId: '1000' })).toMatchObject({ highestId: '1000' });
    expect(await admin.change('orders', { highestId: null })).toMatchObject({ highestId: '1295' });
    expect(await admin.change('orders', { step: 5 })).toMatchObject({ highestId: '1295', step: 5 });
    await expect(
      admin.create(request({ tag: 'b', shape: '{base36:2}', start: '1296' })),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('keeps defaults as defaults, so that a change of the deployment’s reaches the tag', async () => {
    await admin.create(request());
    const later = new TagAdmin(store, { maxStep: 5, targetDurationS: 7 });
    expect(await later.show('orders')).toMatchObject({ maxStep: 5, targetDurationS: 7 });
  });

  test('takes the tag’s own numbers', async () => {
    const own = {
      start: '500',
      step: 10,
      maxStep: 20,
      targetDurationS: 30,
      highestId: '1000',
      description: 'x',
    };
    expect(await admin.create(request(own))).toEqual({
      tag: 'orders',
      shape: null,
      defaults: [],
      state: 'active',
      nextId: '500',
      warnings: [],
      ...without(own),
    });
  });

  test('takes the highest ID there is as its first', async () => {
    expect(await admin.create(request({ start: String(HIGHEST_ID) }))).toMatchObject({
      nextId: String(HIGHEST_ID),
    });
  });

  test.each([
    ['start', { start: '0' }],
    ['start', { start: String(HIGHEST_ID + 1n) }],
    ['highestId', { highestId: '0' }],
    ['highestId', { highestId: String(HIGHEST_ID + 1n) }],
    ['highestId', { start: '500', highestId: '499' }],
    ['maxStep', { step: 100, maxStep: 99 }],
  ])('refuses a bad %s: %j', async (reason, own) => {
    await expect(admin.create(request(own))).rejects.toMatchObject({ code: 'BAD_REQUEST', reason });
    expect(store.database.tags.size).toBe(0);
  });

  test('refuses a name that exists', async () => {
    await admin.create(request());
    await expect(admin.create(request())).rejects.toMatchObject({ code: 'TAG_EXISTS' });
  });

  test('refuses the name of a retired tag: its numbers are never reused', async () => {
    await admin.create(request());
    await admin.retire('orders');
    await expect(admin.create(request())).rejects.toMatchObject({ code: 'TAG_EXISTS' });
  });
});

describe('changing a tag', () => {
  beforeEach(async () => {
    await store.createTag(newTag('orders', { nextId: 501n, step: 100 }));
  });

  test('changes what is named and nothing else', async () => {
    await admin.change('orders', { description: 'x', maxStep: 200, targetDurationS: 30, highestId: '1000' });
    expect(await admin.change('orders', { step: 150 })).toEqual({
      tag: 'orders',
      shape: null,
      defaults: [],
      state: 'active',
      nextId: '501',
      step: 150,
      maxStep: 200,
      targetDurationS: 30,
      highestId: '1000',
      description: 'x',
    });
  });

  test('null goes back to the deployment’s default', async () => {
    await admin.change('orders', { description: 'x', maxStep: 200, targetDurationS: 30, highestId: '1000' });
    const nothing = { description: null, maxStep: null, targetDurationS: null, highestId: null };
    expect(await admin.change('orders', nothing)).toMatchObject({
      maxStep: 1_000_000,
      targetDurationS: 600,
      highestId: String(HIGHEST_ID),
      description: null,
    });
  });

  test('the highest ID may be the last one handed out, which closes the tag, and not below', async () => {
    await expect(admin.change('orders', { highestId: '499' })).rejects.toMatchObject({ reason: 'highestId' });
    expect(await admin.change('orders', { highestId: '500' })).toMatchObject({ highestId: '500' });
  });

  test('step and max step are held against what the tag has', async () => {
    await expect(admin.change('orders', { maxStep: 99 })).rejects.toMatchObject({ reason: 'maxStep' });
    await admin.change('orders', { maxStep: 100 });
    await expect(admin.change('orders', { step: 101 })).rejects.toMatchObject({ reason: 'maxStep' });
    expect(await admin.change('orders', { step: 101, maxStep: null })).toMatchObject({ step: 101 });
  });

  test('an unknown tag stays unknown', async () => {
    await expect(admin.change('nobody', { step: 1 })).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
    await expect(admin.retire('nobody')).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
    await expect(admin.show('nobody')).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
  });

  test('a retired tag is shown, retired again, and not changed', async () => {
    await admin.retire('orders');
    expect(await admin.retire('orders')).toMatchObject({ state: 'retired' });
    expect(await admin.show('orders')).toMatchObject({ state: 'retired', nextId: '501' });
    await expect(admin.change('orders', { step: 1 })).rejects.toMatchObject({ code: 'TAG_RETIRED' });
  });
});

describe('listing tags', () => {
  test('goes page by page in bytewise order and ends', async () => {
    for (const tag of ['b', 'a', 'B', 'c', 'ä']) await store.createTag(newTag(tag));
    const names: string[][] = [];
    let after: string | undefined;
    do {
      const { tags, next } = await admin.list(after, 2);
      names.push(tags.map(({ tag }) => tag));
      after = next ?? undefined;
    } while (after !== undefined);
    expect(names).toEqual([['B', 'a'], ['b', 'c'], ['ä']]);
  });

  test('a full last page says that nothing follows', async () => {
    for (const tag of ['a', 'b']) await store.createTag(newTag(tag));
    expect((await admin.list(undefined, 2)).next).toBeNull();
  });
});

function without({ start: _start, ...rest }: { start: string }) {
  return rest;
}
