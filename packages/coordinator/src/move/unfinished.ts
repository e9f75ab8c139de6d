import { LeafcutterError } from '@leafcutter/shared/errors';

/**
 * What stands in the place of the layout in a MySQL that a move is filling: no coordinator has such a layout, one of an
 * earlier release neither, so none serves from it.
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
