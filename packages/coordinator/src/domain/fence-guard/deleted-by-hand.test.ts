import { beforeEach, describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { newTag, overlaps } from '../../fakes/samples.ts';
import type { Range } from '../allocation/range.ts';

let orders: OneTag;

beforeEach(async () => {
  orders = await OneTag.make(50);
  orders.events.onFenceStrange = () => void orders.guard.check();
});

function create(): Promise<unknown> {
  return orders.store.createTag(newTag('orders', { step: 50 }));
}

describe('a tag that was deleted by hand and made again', () => {
  const insert = async () =>
    void orders.store.database.tags.set('orders', { ...newTag('orders'), retired: false });

  test.each([
    ['through the API', create],
    ['by hand', insert],
  ])('%s starts above the old one, although Redis was wiped too', async (_how, make) => {
    await orders.grant();
    orders.store.database.tags.delete('orders');
    orders.store.database.ledger.clear();
    orders.memory.wipe();
    await make();
    await orders.grant();
    expect(orders.ranges).toHaveLength(2);
    expect(overlaps(orders.ranges)).toEqual([]);
  });

  test('NEGATIVE CONTROL: without its high-water mark it starts at 1 again', async () => {
    await orders.grant();
    orders.store.database.deleteAllByHand({ kind: 'tag', tag: 'orders' });
    orders.store.database.ledger.clear();
    orders.memory.wipe();
    await create();
    expect(await orders.grant()).toBe('1-51');
  });
});

describe('a tag of which the ledger alone is left', () => {
  /** What is granted in all, if Redis forgets after the deletion, and MySQL its last range after `sweep`. */
  async function bothForget(sweep: () => Promise<unknown>): Promise<readonly Range[]> {
    const { store, memory, guard } = orders;
    for (let n = 0; n < 2; n++) await orders.grant();
    const commits = store.database.commitCount - 1;
    store.database.deleteAllByHand({ kind: 'tag', tag: 'orders' });
    memory.wipe();
    await sweep();
    orders.backTo(commits);
    await guard.sweep();
    if ((await store.findTag('orders')) === undefined) await create();
    await orders.grant();
    expect(orders.ranges).toHaveLength(3);
    return orders.ranges;
  }

  test('is taught to Redis by a sweep, so MySQL may fail over after', async () => {
    expect(overlaps(await bothForget(() => orders.guard.sweep()))).toEqual([]);
  });

  test('NEGATIVE CONTROL: if no sweep comes between, the last range repeats', async () => {
    expect(overlaps(await bothForget(async () => undefined))).not.toEqual([]);
  });
});
