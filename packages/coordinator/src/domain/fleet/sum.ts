import type { countedOf } from './record-text.ts';

/** What some agents have of one tag, or by how much that changes; rates in thousandths. */
export interface Sum {
  agents: number;
  rate: number;
  waiting: number;
  failing: number;
  /** Code of the last failed refill that came in. */
  lastError: string | null;
  /** Who runs out first, and when. */
  first: { readonly instanceId: string; readonly atMs: number } | null;
}

type Counted = ReturnType<typeof countedOf>;

export function emptySum(): Sum {
  return { agents: 0, rate: 0, waiting: 0, failing: 0, lastError: null, first: null };
}

/** Adds a row of an agent that was seen at `seenAtMs`. */
export function addTo(sum: Sum, row: Counted, instanceId: string, seenAtMs: number): void {
  sum.agents += 1;
  sum.rate += row.rate;
  sum.waiting += row.waiting;
  if (row.lastError !== null) {
    sum.failing += 1;
    sum.lastError = row.lastError;
  }
  if (row.runwaySeconds === null) return;
  const atMs = seenAtMs + row.runwaySeconds * 1_000;
  if (sum.first === null || atMs < sum.first.atMs) sum.first = { instanceId, atMs };
}

/** Takes a row out. Who failed last and who runs out first cannot be taken back: that is for the caller to judge. */
export function takeFrom(sum: Sum, row: Counted): void {
  sum.agents -= 1;
  sum.rate -= row.rate;
  sum.waiting -= row.waiting;
  if (row.lastError !== null) sum.failing -= 1;
}
