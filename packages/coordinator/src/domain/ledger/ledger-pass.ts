import { type CounterName, counterKey, type LedgerEntry } from '../allocation/range.ts';
import type { LedgerCursor, Store } from '../allocation/store.ts';

const PAGE = 1_000;

/**
 * One pass over the whole ledger in order, in pages of a thousand ranges; only one page is in memory. @throws
 * STORE_UNAVAILABLE
 */
export async function* ledgerPass(store: Store): AsyncGenerator<readonly LedgerEntry[]> {
  let after: LedgerCursor | undefined;
  for (;;) {
    const page = await store.readLedger(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (page.length < PAGE) return;
    after = { counter: last.counter, start: last.start };
  }
}

export function isSameCounter(a: CounterName, b: CounterName): boolean {
  return a.kind === b.kind && counterKey(a) === counterKey(b);
}
