import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { ledgerKey } from '../../fakes/memory-database.ts';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { fenceMove, holder, newTag, raiseOne } from '../../fakes/samples.ts';
import type { CounterName } from '../allocation/range.ts';
import { audit } from './audit.ts';

const orders: CounterName = { kind: 'tag', tag: 'orders' };
const machine3: CounterName = { kind: 'machine', machineId: 3 };

let store: MemoryStore;

beforeEach(async () => {
  store = new MemoryStore(new FakeClock());
  await store.createTag(newTag('orders', { nextId: 1_000_000n }));
  await store.ensureMachineIds(0, 3);
});

/** Writes a ledger row past the arbiters, as a defect or a hand would. */
function plant(counter: CounterName, start: bigint, end: bigint, by = 1): void {
  const entry = { counter, start, end, ...holder(by), coordinatorId: 'c', grantedAtMs: 0 };
  store.database.ledger.set(ledgerKey(entry).join('\n'), entry);
}

async function setCeiling(ceilingMs: bigint): Promise<void> {
  store.database.machineIds.set(3, { machineId: 3, ceilingMs, windowMs: 1, holder: holder(1) });
}

const nameOf = (tag: number) => `t${String(tag).padStart(4, '0')}`;

describe('the audit', () => {
  test('finds nothing in an empty ledger', async () => {
    expect(await audit(store, undefined)).toEqual({ ranges: 0, violations: [], fencesBehind: 0 });
  });

  test('accepts ranges that touch, that leave gaps, and that repeat in another counter', async () => {
    await setCeiling(301n);
    await store.createTag(newTag('users', { nextId: 101n }));
    plant(orders, 1n, 101n);
    plant(orders, 101n, 201n);
    plant(orders, 500n, 1_000_000n);
    plant({ kind: 'tag', tag: 'users' }, 1n, 101n);
    plant(machine3, 1n, 301n);
    expect(await audit(store, undefined)).toEqual({ ranges: 5, violations: [], fencesBehind: 0 });
  });

  test('does not take machine id 3 for a tag that is named "3"', async () => {
    await setCeiling(101n);
    await store.createTag(newTag('3', { nextId: 101n }));
    plant(machine3, 1n, 101n);
    plant({ kind: 'tag', tag: '3' }, 1n, 101n);
    expect((await audit(store, undefined)).violations).toEqual([]);
  });

  test('finds two ranges of a tag that share one number, and names both holders', async () => {
    plant(orders, 1n, 101n, 1);
    plant(orders, 100n, 200n, 2);
    const { violations } = await audit(store, undefined);
    expect(violations).toEqual([
      `tag "orders": [1, 101) of instance ${holder(1).instanceId} overlaps [100, 200) of instance ${holder(2).instanceId}`,
    ]);
  });

  test('finds two windows of a machine id that share a millisecond', async () => {
    await setCeiling(500n);
    plant(machine3, 1n, 101n);
    plant(machine3, 50n, 60n);
    expect((await audit(store, undefined)).violations).toEqual([
      expect.stringContaining('machine id 3: [1, 101)'),
    ]);
  });

  test('finds a range that lies inside an earlier, longer one, with another between them', async () => {
    plant(orders, 1n, 1_000n);
    plant(orders, 10n, 20n);
    plant(orders, 30n, 40n);
    expect((await audit(store, undefined)).violations).toHaveLength(2);
  });

  test('finds a tag whose counter stands below its ledger', async () => {
    plant(orders, 1n, 1_000_001n);
    expect((await audit(store, undefined)).violations).toEqual([
      'tag "orders" is at 1000000, but the ledger has ranges up to 1000001',
    ]);
  });

  test('finds a counter below the end of a range that is not the last one', async () => {
    plant(orders, 1n, 2_000_000n);
    plant(orders, 10n, 20n);
    expect((await audit(store, undefined)).violations).toContainEqual(
      expect.stringContaining('but the ledger has ranges up to 2000000'),
    );
  });

  test('finds a machine id whose ceiling stands below its ledger', async () => {
    await setCeiling(100n);
    plant(machine3, 1n, 101n);
    expect((await audit(store, undefined)).violations).toEqual([
      'machine id 3 is at 100, but the ledger has ranges up to 101',
    ]);
  });

  test('finds what overlaps across two of its pages', async () => {
    for (let i = 0n; i < 1_000n; i++) plant(orders, 1n + i * 10n, 11n + i * 10n);
    plant(orders, 9_995n, 10_005n);
    const report = await audit(store, undefined);
    expect(report).toMatchObject({ ranges: 1_001, violations: [expect.stringContaining('[9991, 10001)')] });
  });

  test('goes through a large ledger once, a thousand ranges at a time, and looks tags up by the page', async () => {
    const asked = { pages: 0, most: 0, lookups: 0 };
    const [tags, each] = [200, 500];
    const findTags = store.findTags.bind(store);
    store.findTags = async (names) => {
      asked.lookups++;
      return findTags(names);
    };
    for (let tag = 0; tag < tags; tag++)
      await store.createTag(newTag(nameOf(tag), { nextId: BigInt(each) + 1n }));
    store.readLedger = async (after, limit) => {
      asked.pages++;
      asked.most = Math.max(asked.most, limit);
      const begin =
        after === undefined
          ? 0
          : Number(after.counter.kind === 'tag' && after.counter.tag.slice(1)) * each + Number(after.start);
      const length = Math.min(limit, tags * each - begin);
      return Array.from({ length }, (_, index) => {
        const at = begin + index;
        const start = BigInt(at % each) + 1n;
        const counter = { kind: 'tag', tag: nameOf(Math.floor(at / each)) } as const;
        return { counter, start, end: start + 1n, ...holder(1), coordinatorId: 'c', grantedAtMs: 0 };
      });
    };
    expect(await audit(store, undefined)).toEqual({ ranges: tags * each, violations: [], fencesBehind: 0 });
    expect(asked.most).toBe(1_000);
    expect(asked.pages).toBeLessThanOrEqual((tags * each) / 1_000 + 1);
    expect(asked.lookups).toBeLessThanOrEqual(2 * asked.pages + 1);
  });

  test('names a hundred violations at most', async () => {
    for (let i = 0n; i < 300n; i++) plant(orders, i, 500n);
    expect((await audit(store, undefined)).violations).toHaveLength(100);
  });

  test('passes over a tag whose row was deleted by hand', async () => {
    plant({ kind: 'tag', tag: 'gone' }, 1n, 101n);
    expect(await audit(store, undefined)).toEqual({ ranges: 1, violations: [], fencesBehind: 0 });
  });

  test('counts the fences that stand below the ledger, which is no violation', async () => {
    const fence = new MemoryFence();
    await setCeiling(101n);
    plant(orders, 1n, 101n);
    plant(machine3, 1n, 101n);
    await raiseOne(fence, machine3, fenceMove(1n, 101n));
    expect(await audit(store, fence)).toEqual({ ranges: 2, violations: [], fencesBehind: 1 });
  });

  test('leaves the fences out while Redis is away', async () => {
    const fence = new MemoryFence();
    fence.available = false;
    plant(orders, 1n, 101n);
    expect(await audit(store, fence)).toEqual({ ranges: 1, violations: [], fencesBehind: 0 });
  });
});
