import { PRUNED_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { type LedgerEntry, maxBigint } from '../allocation/range.ts';
import type { Store, TagRecord } from '../allocation/store.ts';

/** When a tag will have handed out its highest ID, at the pace of its last segments. */
export interface TagForecast {
  readonly tag: string;
  readonly daysLeft: number;
}

/** Tags that one forecast looks at, and the segments of each that tell its pace. */
const MAX_TAGS = 10_000;
const SEGMENTS = 100;
const PAGE = 1_000;
/** Segments granted within less than this say nothing of days. */
const MIN_SPAN_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** Forecasts every active tag whose ledger tells a pace, those that end first at the front. @throws STORE_UNAVAILABLE */
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

/** What was pruned tells no pace: it is many segments of an unknown number of days. */
async function latestSegments(store: Store, tag: string): Promise<LedgerEntry[]> {
  const latest = await store.latestRanges({ kind: 'tag', tag }, undefined, SEGMENTS);
  return latest.filter(({ instanceId }) => instanceId !== PRUNED_INSTANCE_ID);
}

/** `segments` newest first. Undefined where they tell no pace; 0 where nothing is left. */
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
