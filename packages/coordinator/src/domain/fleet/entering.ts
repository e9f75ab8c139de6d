import { MAX_REPORTED_BUFFERS } from '@leafcutter/shared/wire';
import { countedOf, joined, nameOf, rowsOf, toText } from './record-text.ts';
import { type AgentReport, type Entering, MAX_RECORD_BYTES } from './roster.ts';

/**
 * The text of an agent's record after a report, `before` being the one that the roster has of it; or what becomes of
 * a report that changes nothing.
 */
export function recordAfter(
  report: AgentReport,
  before: string | undefined,
): { readonly text: string } | Exclude<Entering, 'full'> {
  const own = toText(report);
  // What was cut is no base for changes.
  const revision = own.isWhole ? report.revision : 0;
  const { changes } = report;
  if (changes === undefined) return { text: joined({ ...report, revision }, own) };
  const has = before === undefined ? undefined : Number.parseInt(before, 10);
  if (has === revision && has !== 0) return 'entered';
  if (before === undefined || has !== changes.since) return 'unknown';
  const rows = changed(rowsOf(before), own.rows, changes.without);
  if (rows.length > MAX_REPORTED_BUFFERS) return 'unknown';
  const text = joined({ ...report, revision }, { ...own, rows });
  return Buffer.byteLength(text) > MAX_RECORD_BYTES ? 'unknown' : { text };
}

/** The rows after what changed. */
function changed(rows: readonly string[], now: readonly string[], without: readonly string[]): string[] {
  const passedOver = new Set([...without.map(nameOf), ...now.map(nameIn)]);
  return [...rows.filter((row) => !passedOver.has(nameIn(row))), ...now];
}

function nameIn(row: string): string {
  return countedOf(row).name;
}
