import { PRUNED_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { type LedgerEntry, maxBigint } from '../allocation/range.ts';
import type { Store, TagRecord } from '../allocation/store.ts';

/** When a tag will have handed out its highest ID, at the rate of its last segments. */
export interface TagForecast {
  readonly tag: string;
  readonly daysLeft: number;
}

/** How many tags one forecast looks at, and how many segments of each show its rate. */
const MAX_TAGS = 10_000;
const SEGMENTS = 100;
const PAGE = 1_000;
/** Segments granted within less time than this say nothing about days. */
const MIN_SPAN_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** Forecasts every active tag whose ledger shows a rate; those that end first come first. @throws STORE_UNAVAILABLE */
export async function forecast(store: Store): Promise<TagForecast[]> {
  const now = await store.now();
  const found: TagForecast[] = [];
  let seen = 0;
  for (let after: string | undefined; seen < MAX_TAGS; ) {
    const tags = await store.listTags(after, PAGE);
    for (const tag of tags) {
      const daysLeft = tag.retired
        ? undefined
        : daysUntilExhausted(tag, await latestSegments(store, tag.tag), now);
      if (daysLeft !== undefined) found.push({ tag: tag.tag, daysLeft });
    }
    seen += tags.length;
    after = tags.at(-1)?.tag;
    if (tags.length < PAGE) break;
  }
  return found.sort((a, b) => a.daysLeft - b.daysLeft);
}

/** A pruned range shows no rate: it is many segments of an unknown number of days. */
async function latestSegments(store: Store, tag: string): Promise<LedgerEntry[]> {
  const latest = await store.latestRanges({ kind: 'tag', tag }, undefined, SEGMENTS);
  return latest.filter(({ instanceId }) => instanceId !== PRUNED_INSTANCE_ID);
}

/** `segments` newest first. Undefined if they show no rate; 0 if nothing is left. */
export function daysUntilExhausted(
  tag: Pick<TagRecord, 'nextId' | 'highWater' | 'highestId'>,
  segments: readonly LedgerEntry[],
  nowMs: number,
): number | undefined {
  const next = maxBigint(tag.nextId, tag.highWater);
  const left = (tag.highestId ?? HIGHEST_ID) + 1n - next;
  if (left <= 0n) return 0;
  const oldest = segments.at(-1);
  if (oldest === undefined) return undefined;
  const spanMs = nowMs - oldest.grantedAtMs;
  const used = next - oldest.start;
  if (spanMs < MIN_SPAN_MS || used <= 0n) return undefined;
  return Number(left) / (Number(used) / (spanMs / DAY_MS));
}
