import { leafStem } from '@leafcutter/shared/tag';
import type { Store } from '../allocation/store.ts';

/** Tags of one look into the store. */
const PAGE = 1_000;
/** Tags that are looked at; a table with more is not read to its end for a warning. */
const MAX_LOOKED_AT = 100_000;
/** Pairs that the warning names. */
const MAX_NAMED = 10;

/** A tag whose name Leaf cuts to that of another one: one key means one of them to Leaf, and may mean the other here. */
interface DottedPair {
  readonly tag: string;
  readonly stem: string;
}

export interface DottedPairs {
  readonly count: number;
  /** The first ones. */
  readonly named: readonly DottedPair[];
  readonly isComplete: boolean;
}

/** Active tags such as `acct.v2` beside `acct`. @throws STORE_UNAVAILABLE */
export async function dottedPairs(store: Pick<Store, 'listTags'>): Promise<DottedPairs> {
  // In bytewise order a stem comes before the names that begin with it.
  const seen = new Set<string>();
  const named: DottedPair[] = [];
  let count = 0;
  let lookedAt = 0;
  for (let after: string | undefined; lookedAt < MAX_LOOKED_AT; ) {
    const page = await store.listTags(after, PAGE);
    lookedAt += page.length;
    for (const { tag, retired } of page) {
      const stem = leafStem(tag);
      if (!retired && stem !== undefined && seen.has(stem)) {
        count += 1;
        if (named.length < MAX_NAMED) named.push({ tag, stem });
      }
      if (!retired) seen.add(tag);
      after = tag;
    }
    if (page.length < PAGE) return { count, named, isComplete: true };
  }
  return { count, named, isComplete: false };
}
