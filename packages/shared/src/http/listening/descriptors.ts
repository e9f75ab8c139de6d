import { readFileSync } from 'node:fs';

/** Files that a process keeps open for everything except its doors: stores, log, pages, libraries. */
const KEPT = 256;

/** What is logged if doors get fewer connections than their settings say. */
export const FEW_FILES =
  'this process may open too few files for maxConnections, so fewer connections are let in; raise the limit (ulimit -n, LimitNOFILE)';

/** How many files this process may open; undefined if the system does not say. */
export function descriptorLimit(): number | undefined {
  try {
    return parseLimit(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined;
  }
}

/** The limit in a text as of `/proc/self/limits`; undefined if there is none. */
export function parseLimit(text: string): number | undefined {
  const found = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * How many connections each of `doors` doors may hold, of the `most` that are wanted. A process that has opened all the files
 * that it may opens none to a store either, so whoever opens connections to a door would cut it off from MySQL and Redis.
 */
export function fitConnections(most: number, doors: number, limit = descriptorLimit()): number {
  if (limit === undefined) return most;
  // With fewer than twice what is kept, half is for the doors.
  const room = Math.max(limit - KEPT, limit / 2);
  return Math.max(1, Math.min(most, Math.floor(room / doors)));
}
