import { LeafcutterError } from '@leafcutter/shared/errors';

/**
 * One step of the schema. Each step only adds, so that coordinators of the version before work beside it and can come
 * back. A step that they cannot live with comes one version later, and says how many steps a program must know.
 */
export interface Migration {
  readonly sql: string;
  /** How many steps a program must know to work with this one; default 0, any. */
  readonly compatibleFrom?: number;
}

/**
 * Whether a program that knows `own` steps may work with a database that newer programs brought to `newest`.
 * `compatibleFrom`: the highest requirement of the steps that it does not know.
 * @throws STORE_UNAVAILABLE if it may not
 */
export function checkSchema(newest: number, compatibleFrom: number, own: number): void {
  if (newest <= own || compatibleFrom <= own) return;
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    `The schema is at ${newest}, which needs a program that knows ${compatibleFrom}; this one knows ${own}. Use a newer Leafcutter.`,
    { reason: 'schema' },
  );
}
