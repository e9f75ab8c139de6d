import { beforeEach, describe, expect, test } from '@jest/globals';
import { createTagRequest } from '@leafcutter/shared/wire';
import { OneTag } from '../../fakes/one-tag.ts';
import { CALM, holder, LAYOUT } from '../../fakes/samples.ts';
import type { TagRecord } from '../allocation/store.ts';
import { Explainer } from '../ledger/explain.ts';
import { TagAdmin } from './tags.ts';

/** A Leaf raises the counter in `leaf_alloc`, and writes no ledger. */

let tag: OneTag;
let admin: TagAdmin;

beforeEach(async () => {
  tag = await OneTag.make(50);
  admin = new TagAdmin(tag.store, { maxStep: 1_000_000, targetDurationS: 600 });
});

const warnings = async () => (await admin.retire('orders')).warnings.map(({ code }) => code);

describe('retiring a tag', () => {
  test.each([
    ['whose counter somebody else raised last', [101n], false],
    ['whose counter somebody else raised between two segments', [101n], true],
  ])('%s warns of a Leaf that goes on', async (_, byHand, grantsAfter) => {
    await tag.grant();
    for (const nextId of byHand) tag.byHand(nextId);
    if (grantsAfter) await tag.grant();
    expect(await warnings()).toEqual(['OTHER_WRITERS']);
  });

  test('that only agents drew from, or nobody, warns of nothing', async () => {
    await tag.grant();
    await tag.grant();
    expect(await warnings()).toEqual([]);
    const unused = await OneTag.make(50);
    const admins = new TagAdmin(unused.store, { maxStep: 1_000_000, targetDurationS: 600 });
    expect((await admins.retire('orders')).warnings).toEqual([]);
  });

  describe('that was made with a start', () => {
    const START = '5000';
    const made = async () => admin.create(createTagRequest.parse({ tag: 'later', start: START }));
    const row = () => tag.store.database.tags.get('later');
    const setRow = (own: Partial<TagRecord>) => {
      const before = row();
      if (before !== undefined) tag.store.database.tags.set('later', { ...before, ...own });
    };
    const retired = async () => (await admin.retire('later')).warnings.map(({ code }) => code);

    test('warns of nothing if nobody drew from it', async () => {
      await made();
      expect(await retired()).toEqual([]);
    });

    test('warns of nothing if it is an earlier tag’s, which ended below', async () => {
      await made();
      await tag.segments.grant('later', holder(1), CALM);
      tag.store.database.tags.delete('later');
      await admin.create(createTagRequest.parse({ tag: 'later', start: '900000' }));
      expect(await retired()).toEqual([]);
    });

    test('NEGATIVE CONTROL: warns of a Leaf that drew from it, before any agent or after one', async () => {
      await made();
      setRow({ nextId: 5_100n });
      expect(await retired()).toEqual(['OTHER_WRITERS']);
      setRow({ retired: false });
      await tag.segments.grant('later', holder(1), CALM);
      expect(await retired()).toEqual(['OTHER_WRITERS']);
    });

    test('NEGATIVE CONTROL: warns if it is not known where it began, as of a row that was there before', async () => {
      await made();
      setRow({ firstId: undefined });
      expect(await retired()).toEqual(['OTHER_WRITERS']);
    });
  });
});

describe('an ID that the ledger has no range for', () => {
  const sentence = async (id: string) =>
    (await new Explainer(tag.store, LAYOUT).inTag('orders', id)).segments[0]?.sentence;

  test('is another writer’s or passed over if it lies between segments, and may be older if below all', async () => {
    tag.byHand(51n);
    await tag.grant();
    tag.byHand(201n);
    await tag.grant();
    expect(await sentence('150')).toBe(
      'An ID of orders between segments of the ledger: another writer of leaf_alloc, such as a Leaf, took it, or it was passed over.',
    );
    expect(await sentence('7')).toMatch(
      /^An ID of orders below everything .*older than Leafcutter, another writer/,
    );
    expect(await sentence('70')).toMatch(/granted to agent/);
    expect(await sentence('251')).toMatch(/^Not an ID of orders yet/);
  });
});
