import type { AuditPage } from '@leafcutter/shared/inspection';

/** One field of a change, in words; `before` is undefined if there was nothing before. */
interface ChangedField {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** What a change changed. Of what was made, only what was set; that it's active goes without saying. */
export function changedFields({
  before,
  after,
}: Pick<AuditPage['changes'][number], 'before' | 'after'>): ChangedField[] {
  return Object.entries(after ?? {})
    .filter(([field, value]) => before !== null || (value !== null && field !== 'state'))
    .map(([field, value]) => ({
      field,
      before: before === null ? undefined : shown(before[field]),
      after: shown(value),
    }));
}

function shown(value: string | number | null | undefined): string {
  return value === null || value === undefined ? 'default' : String(value);
}
