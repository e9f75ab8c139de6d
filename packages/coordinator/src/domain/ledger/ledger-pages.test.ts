import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryStore } from '../../fakes/memory-store.ts';
import type { CounterName, LedgerEntry } from '../allocation/range.ts';
import type { LedgerCursor } from '../allocation/store.ts';
import { type LedgerSubject, readLedgerPage } from './ledger-pages.ts';

const HOLDER = { agentId: 'a', instanceId: 'i', coordinatorId: 'c', grantedAtMs: 0 };

/** A store whose ledger has ranges of two machine ids and three tags. */
async function stored(): Promise<MemoryStore> {
  const store = new MemoryStore(new FakeClock());
  await store.ensureMachineIds(2, 10);
  for (const machineId of [10, 2]) {
    for (const start of [100n, 200n]) {
      const counter: CounterName = { kind: 'machine', machineId };
      const entry = { counter, start, end: start + 100n, ...HOLDER };
      await store.withMachineId(machineId, (row) => row.advance(entry.end, [entry]));
    }
  }
  for (const tag of ['a', 'orders', 'z']) {
    await store.createTag({
      tag,
      nextId: 0n,
      step: 10,
      maxStep: undefined,
      targetDurationS: undefined,
      highestId: undefined,
      description: undefined,
      shape: undefined,
    });
    const counter: CounterName = { kind: 'tag', tag };
    const entries = [0n, 10n, 20n].map((start) => ({ counter, start, end: start + 10n, ...HOLDER }));
    await store.withTag(tag, (row) => row.advance(30n, entries));
  }
  return store;
}

async function pages(subject: LedgerSubject, limit: number): Promise<string[][]> {
  const store = await stored();
  const found: string[][] = [];
  for (let after: LedgerCursor | undefined; ; ) {
    const { ranges, next } = await readLedgerPage(store, subject, after, limit);
    found.push(ranges.map(label));
    if (next === undefined) return found;
    after = next;
  }
}

function label({ counter, start }: LedgerEntry): string {
  return `${counter.kind === 'tag' ? counter.tag : counter.machineId} ${start}`;
}

describe('pages of the ledger', () => {
  test('have one tag’s ranges, from the first to the last, and nobody else’s', async () => {
    const orders: LedgerSubject = { kind: 'tag', tag: 'orders' };
    expect(await pages(orders, 2)).toEqual([['orders 0', 'orders 10'], ['orders 20']]);
    expect(await pages(orders, 3)).toEqual([['orders 0', 'orders 10', 'orders 20']]);
    expect(await pages({ kind: 'tag', tag: 'nobody' }, 3)).toEqual([[]]);
  });

  test('have all machine ids’ ranges and no tag’s', async () => {
    const all = [['2 100', '2 200', '10 100'], ['10 200']];
    expect(await pages({ kind: 'machine' }, 3)).toEqual(all);
    expect(await pages({ kind: 'machine' }, 4)).toEqual([all.flat()]);
  });
});
