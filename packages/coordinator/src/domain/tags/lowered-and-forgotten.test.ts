import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { newTag, overlaps } from '../../fakes/samples.ts';

/** Either store forgets around `tag lower`. A sweep that saw both completes before the other one forgets. */

let tag: OneTag;

beforeEach(async () => {
  tag = await OneTag.make(100);
});

describe('what was handed out above a lowered counter', () => {
  test('is told to a MySQL that lost it, before Redis forgets it too', async () => {
    await tag.mistypeAndLower(501n);
    // MySQL goes back to before the typo.
    tag.store.database.loseLast(2);
    tag.byHand(101n);
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.drain(8);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('is told to a MySQL that lost the whole tag, before Redis forgets it too', async () => {
    await tag.mistypeAndLower(501n);
    tag.store.database.loseLast(tag.store.database.commitCount);
    await tag.guard.check();
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.store.createTag(newTag('orders'));
    await tag.drain(8);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('lowered again', () => {
  test('a counter whose first lowering MySQL forgot is not lowered into what was handed out below since', async () => {
    await tag.mistypeAndLower(501n);
    await tag.take();
    // The lowering and the grant after it.
    tag.store.database.loseLast(2);
    await tag.guard.sweep();
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('what a fence says was skipped', () => {
  test.each([
    [
      'was granted while Redis was away',
      async () => {
        tag.fence.available = false;
        await tag.take();
        await tag.take();
        tag.fence.available = true;
      },
    ],
    [
      'was granted before Redis failed over to a replica that had not heard of it',
      async () => {
        const promote = tag.replica();
        await tag.take();
        await tag.take();
        promote();
      },
    ],
  ])('is not what %s', async (_how, missed) => {
    await tag.take();
    const { commitCount } = tag.store.database;
    await missed();
    await tag.take();
    await tag.guard.sweep();
    // A sweep saw both: MySQL may lose them. A typo follows at once, and the operator takes it back.
    tag.backTo(commitCount);
    tag.byHand(1_001n);
    await tag.lower(101n).catch(() => undefined);
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});
