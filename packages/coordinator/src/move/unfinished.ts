import { LeafcutterError } from '@leafcutter/shared/errors';

/**
 * The layout of a MySQL that a move is filling. No coordinator has such a layout, not even one of an earlier release,
 * so none serves from it.
 */
const PREFIX = 'moving ';

/** The layout of a MySQL that the move of this name fills. */
export function unfinishedLayout(claim: string): string {
  return PREFIX + claim;
}

/** The name of the move that fills a MySQL with this layout; undefined if none does. */
export function claimOf(layout: string): string | undefined {
  return layout.startsWith(PREFIX) ? layout.slice(PREFIX.length) : undefined;
}

/** @throws STORE_UNAVAILABLE with reason `move_unfinished` */
export function refuseUnfinished(layout: string): void {
  if (claimOf(layout) === undefined) return;
  throw new LeafcutterError(
    'STORE_UNAVAILABLE',
    'A move of an embedded database into this MySQL is not finished: run `leafcutter move` again, as before.',
    { reason: 'move_unfinished' },
  );
}
