import type { LedgerRange } from '@leafcutter/shared/inspection';
import type { LedgerEntry } from '../allocation/range.ts';
import type { LedgerCursor, Store } from '../allocation/store.ts';

/** Whose ranges are asked for: one tag's, or those of all machine ids. */
export type LedgerSubject = { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'machine' };

/**
 * A page of one subject's ranges, in order of counter and start, and where the next page begins; undefined after the
 * last. The ledger keeps a subject's ranges together, so its pages begin at the subject and end at the next one.
 */
export async function readLedgerPage(
  store: Store,
  subject: LedgerSubject,
  after: LedgerCursor | undefined,
  limit: number,
): Promise<{ ranges: LedgerEntry[]; next: LedgerCursor | undefined }> {
  // Machine ids come first in the ledger, so their pages begin where the ledger does.
  const first: LedgerCursor | undefined =
    subject.kind === 'tag' ? { counter: subject, start: -1n } : undefined;
  const read = await store.readLedger(after ?? first, limit + 1);
  const other = read.findIndex(({ counter }) => !belongs(counter, subject));
  const ranges = other < 0 ? read : read.slice(0, other);
  if (ranges.length <= limit) return { ranges, next: undefined };
  const page = ranges.slice(0, limit);
  const last = page.at(-1);
  return { ranges: page, next: last && { counter: last.counter, start: last.start } };
}

function belongs(counter: LedgerEntry['counter'], subject: LedgerSubject): boolean {
  if (counter.kind !== subject.kind) return false;
  return counter.kind === 'machine' || (subject.kind === 'tag' && counter.tag === subject.tag);
}

/** An entry in the form that is shown. */
export function viewOfRange({ counter, start, end, ...rest }: LedgerEntry): LedgerRange {
  return {
    tag: counter.kind === 'tag' ? counter.tag : null,
    machineId: counter.kind === 'machine' ? counter.machineId : null,
    start: String(start),
    end: String(end),
    ...rest,
  };
}
