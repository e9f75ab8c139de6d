import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { newTag, overlaps } from '../../fakes/samples.ts';
import { audit } from '../ledger/audit.ts';
import { prune } from '../ledger/prune.ts';

/** Found by a reviewer: what was granted below a lowered counter, and how the stores forget it. */

let tag: OneTag;

beforeEach(async () => {
  tag = await OneTag.make(100);
});

describe('a counter that is lowered again to where it was lowered before', () => {
  test('B1: MySQL forgot the lowering while it stood inside what is taken, and a sweep mended that', async () => {
    await tag.take();
    tag.byHand(501n);
    await tag.take();
    await tag.take();
    await tag.lower(101n);
    await tag.take();
    // The second grant above, the lowering, and the grant below.
    tag.store.database.loseLast(3);
    await tag.guard.sweep();
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B2: MySQL forgot the lowering, and no sweep was quicker', async () => {
    await tag.mistypeAndLower(501n);
    await tag.take();
    tag.store.database.loseLast(2);
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B3: MySQL forgot the lowering, an allocation went on above before the sweep, and Redis forgot after it', async () => {
    await tag.mistypeAndLower(501n);
    await tag.take();
    tag.store.database.loseLast(2);
    await tag.take();
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B4: MySQL lost what was granted below, a typo followed, and no sweep was quicker', async () => {
    await tag.mistypeAndLower(501n);
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(401n);
    await tag.lower(201n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B5: never lowered: MySQL lost a grant, a typo went above before the sweep, and Redis forgot after it', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(1_001n);
    await tag.take();
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B6: into the middle of what an earlier lowering left above', async () => {
    await tag.take();
    tag.byHand(501n);
    await tag.take();
    const { commitCount } = tag.store.database;
    await tag.lower(101n);
    await tag.take();
    tag.byHand(301n);
    await tag.take();
    await tag.lower(201n, true);
    tag.backTo(commitCount);
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.lower(302n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });

  test('B7: Redis forgot the lowering, a sweep ended, then MySQL forgot it, too', async () => {
    await tag.take();
    tag.byHand(501n);
    await tag.take();
    const promote = tag.replica();
    const { commitCount } = tag.store.database;
    await tag.lower(101n);
    await tag.take();
    // Promotes a replica that had not heard of the lowering and what came after it.
    promote();
    tag.store.database.incarnation += 1;
    await tag.guard.sweep();
    tag.backTo(commitCount);
    await tag.lower(101n).catch(() => undefined);
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('what is no loss', () => {
  test('B8: a lowered tag that used its gap up is not taken for a MySQL that lost writes', async () => {
    await tag.mistypeAndLower(201n);
    await tag.take();
    await tag.guard.sweep();
    expect(tag.events.lost).toEqual([]);
  });

  test('B9: the audit says nothing of what a mended MySQL has above a counter', async () => {
    await tag.mistypeAndLower(501n);
    tag.store.database.loseLast(2);
    tag.byHand(101n);
    await tag.guard.sweep();
    expect((await audit(tag.store, tag.fence)).violations).toEqual([]);
  });
});

describe('what heals', () => {
  test('B10: a Redis that forgot the lowering does not end the tag', async () => {
    await tag.take();
    tag.byHand(501n);
    await tag.take();
    const promote = tag.replica();
    await tag.lower(101n);
    await tag.take();
    promote();
    await tag.guard.sweep();
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('wrong clocks', () => {
  test('B11: what was granted unfenced while the database’s clock was behind is swept when Redis is back', async () => {
    await tag.take();
    for (let n = 0; n < 3; n++) {
      await tag.clock.advance(120_000);
      await tag.guard.sweep();
    }
    tag.fence.available = false;
    tag.clock.jump(-300_000);
    await tag.take();
    tag.clock.jump(300_000);
    tag.fence.available = true;
    tag.fence.incarnation += 1;
    const { commitCount } = tag.store.database;
    await tag.guard.sweep();
    expect(tag.events.sweeps.at(-1)?.extent).toBe('moved');
    // The unfenced grant and the sweep.
    tag.store.database.loseLast(tag.store.database.commitCount - commitCount + 1);
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('zones of the past', () => {
  test('B12: a zone that the counter has passed is not put together with one above it', async () => {
    await tag.mistypeAndLower(201n);
    await tag.take();
    await tag.store.changeTag('orders', { highestId: null });
    await tag.take();
    expect(tag.ranges.at(-1)?.start).toBe(301n);
    tag.byHand(9_223_372_036_854_775_700n);
    await tag.take();
    await tag.lower(401n);
    await tag.take();
    // The last grant, the lowering, and the grant above.
    tag.store.database.loseLast(3);
    tag.byHand(501n);
    await tag.guard.sweep();
    expect(await tag.take()).toEqual({ start: 501n, end: 601n });
  });

  test('B13: a gap that was used up and pruned together with what is above it is no violation', async () => {
    await tag.mistypeAndLower(201n);
    await tag.take();
    await tag.clock.advance(10_000);
    await prune(tag.store, 1_000, tag.clock.now());
    expect((await audit(tag.store, tag.fence)).violations).toEqual([]);
  });

  test('B14: a group that meets the end of a gap tells nobody that the tag has no more', async () => {
    await tag.mistypeAndLower(201n);
    await tag.store.changeTag('orders', { highestId: null, step: 60 });
    const both = Promise.allSettled([tag.take(), tag.take(), tag.take()]);
    expect((await both).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });
});

describe('a tag that is deleted by hand', () => {
  test('B15: between the page of a sweep and the mending of it, is remembered all the same', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    const sweep = tag.fence.sweep.bind(tag.fence);
    tag.fence.sweep = async (...args) => {
      const swept = await sweep(...args);
      tag.store.database.tags.delete('orders');
      return swept;
    };
    await tag.guard.sweep().catch(() => tag.guard.sweep());
    tag.fence.sweep = sweep;
    await tag.redisForgets();
    await tag.store.createTag(newTag('orders'));
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('a lowered tag whose row is deleted by hand', () => {
  test('B18: has what it handed out while Redis was away told to Redis', async () => {
    await tag.mistypeAndLower(401n);
    tag.fence.available = false;
    const { commitCount } = tag.store.database;
    await tag.take();
    tag.fence.available = true;
    const row = tag.store.database.tags.get('orders');
    tag.store.database.tags.delete('orders');
    await tag.guard.sweep();
    // Back to before the unfenced grant: the row stands there again.
    if (row !== undefined) tag.store.database.tags.set('orders', row);
    tag.backTo(commitCount);
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('a row that is set above by hand', () => {
  test('B17: does not hide from a sweep what the ledger lost', async () => {
    await tag.take();
    await tag.take();
    tag.store.database.loseLast(1);
    tag.byHand(701n);
    await tag.guard.sweep();
    tag.store.database.tags.delete('orders');
    await tag.redisForgets();
    await tag.store.createTag(newTag('orders'));
    await tag.drain(3);
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});

describe('a coordinator that was just started', () => {
  test('B16: looks at all counters: a replica that applies in parallel lost a write and kept the sweep after it', async () => {
    await tag.take();
    await tag.take();
    for (let n = 0; n < 3; n++) {
      await tag.clock.advance(120_000);
      await tag.guard.sweep();
    }
    // The row and its ledger entry go back to before the second grant; everything later stays.
    tag.byHand(101n);
    tag.store.database.highWaters.set('orders', 101n);
    tag.store.database.ledger.delete(['t', 'orders', 101n].join('\n'));
    tag.store.database.incarnation += 1;
    // All coordinators were on the host that failed.
    tag.guard = tag.newGuard({ coordinatorId: 'c2' });
    await tag.guard.sweep();
    await tag.redisForgets();
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});
