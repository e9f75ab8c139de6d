import type { TagRecord } from '../allocation/store.ts';
import type { Author, TrailAction, TrailEntry, TrailValues } from './trail.ts';

/** The change of one tag. `action` is what was asked for. */
export function tagEntry(
  author: Author,
  action: TrailAction,
  before: TagRecord | undefined,
  after: TagRecord,
): TrailEntry | undefined {
  const [was, is] = [before === undefined ? {} : valuesOf(before), valuesOf(after)];
  const fields = Object.keys(is).filter((field) => was[field] !== is[field]);
  if (fields.length === 0) return undefined;
  const only = (values: TrailValues) =>
    Object.fromEntries(fields.map((field) => [field, values[field] ?? null]));
  const subject = after.tag;
  return { ...author, action, subject, before: before === undefined ? null : only(was), after: only(is) };
}

function valuesOf(record: TagRecord): TrailValues {
  return {
    state: record.retired ? 'retired' : 'active',
    nextId: String(record.nextId),
    step: record.step,
    maxStep: record.maxStep ?? null,
    targetDurationS: record.targetDurationS ?? null,
    highestId: record.highestId === undefined ? null : String(record.highestId),
    description: record.description ?? null,
    shape: record.shape ?? null,
  };
}

/** A tag's record after a change: `null` is the deployment's default again. */
export function withChange(record: TagRecord, change: object): TagRecord {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...record, ...Object.fromEntries(given.map(([field, value]) => [field, value ?? undefined])) };
}
