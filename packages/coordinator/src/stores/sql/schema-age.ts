import { LeafcutterError } from '@leafcutter/shared/errors';

/**
 * One step of the schema. Each only adds, so that coordinators of the version before work beside it and can come back;
 * a step that they cannot live with says from which number of steps on a program can, and comes a version after that.
 */
export interface Migration {
  readonly sql: string;
  /** A program works with this step when it knows so many; default 0, any. */
  readonly compatibleFrom?: number;
}

/**
 * Whether a program that knows `own` steps may work with a database that newer ones brought to `newest`.
 * `compatibleFrom`: the highest that any of the steps says which it does not know.
 * @throws STORE_UNAVAILABLE where it may not
 */
export function checkSchema(newest: number, compatibleFrom: number, own: number): void {
  if (newest <= own || compatibleFrom <= own) return;
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The schema is at ${newest}, which needs a program that knows ${compatibleFrom}; this one knows ${own}. Use a newer Leafcutter.`,
    { reason: 'schema' },
  );
}
