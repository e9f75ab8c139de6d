import { LeafcutterError } from '@leafcutter/shared/errors';

/** The embedded database, as a move finds it. */
export interface FoundFile {
  readonly deploymentId: string;
  /** The claim that its mark names; undefined as long as a coordinator may serve from it. */
  readonly movedBy: string | undefined;
}

/** MySQL, as a move finds it. */
export type FoundTarget =
  | { readonly kind: 'empty' }
  /** A table has rows, and there is no deployment. */
  | { readonly kind: 'occupied'; readonly table: string }
  /** A move that did not end has filled it, or part of it. */
  | { readonly kind: 'claimed'; readonly deploymentId: string; readonly claim: string }
  /** Coordinators may serve from it. */
  | { readonly kind: 'serving'; readonly deploymentId: string };

/** What to do: everything, everything again over the rest of an interrupted move, or nothing. */
export type Plan = 'move' | 'again' | 'done';

/**
 * What a move may do. A marked file goes to the MySQL that its mark names and to no other: that one may be complete,
 * and two that serve from one deployment's counters hand out the same numbers.
 * @throws STORE_UNAVAILABLE with reason `target_not_empty` or `moved_elsewhere`
 */
export function planMove({ deploymentId, movedBy }: FoundFile, target: FoundTarget): Plan {
  if (target.kind === 'occupied') {
    throw refusal(
      `The target is not empty: ${target.table} has rows. Use a separate database.`,
      'target_not_empty',
    );
  }
  if (target.kind !== 'empty' && target.deploymentId !== deploymentId) {
    throw refusal(
      `The target is not empty: it belongs to deployment ${target.deploymentId}. Use a separate database.`,
      'target_not_empty',
    );
  }
  if (movedBy === undefined) {
    if (target.kind !== 'serving') return target.kind === 'empty' ? 'move' : 'again';
    throw refusal(
      'The target already has this deployment, but this file does not know of it: the file is a copy from before a move. Do not run a coordinator on it.',
      'target_not_empty',
    );
  }
  if (target.kind === 'serving') return 'done';
  if (target.kind === 'claimed' && target.claim === movedBy) return 'again';
  throw refusal(
    'This file was moved to another MySQL, which may be in use. Use that one.',
    'moved_elsewhere',
  );
}

function refusal(message: string, reason: 'target_not_empty' | 'moved_elsewhere'): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}
