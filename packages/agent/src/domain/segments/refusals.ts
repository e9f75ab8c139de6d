import { LeafcutterError } from '@leafcutter/shared/errors';

/** What callers of a tag are told if they get no IDs. */

export function queueFull(tag: string): LeafcutterError {
  return new LeafcutterError('SEGMENTS_EXHAUSTED', `Too many callers are already waiting for tag "${tag}".`, {
    reason: 'queue_full',
  });
}

export function counterWentBack(tag: string): LeafcutterError {
  return new LeafcutterError(
    'SEGMENTS_EXHAUSTED',
    `The counter of tag "${tag}" went back; its segments are refused.`,
    { reason: 'below_highest' },
  );
}

/** For doors that give numbers: a text that isn't written in the tag's shape is none of its IDs. */
export function hasShape(tag: string, shape: string): LeafcutterError {
  return new LeafcutterError(
    'BAD_REQUEST',
    `Tag "${tag}" has shape ${shape}: its IDs are texts. Request them at /v1/ids/{tag} without format, with LC.NEXT, or with NextTexts.`,
    { reason: 'shape' },
  );
}

/** The coordinators were asked for a block and granted only `ids`: the tag has no segments that large. */
export function blockTooLarge(tag: string, ids: number): LeafcutterError {
  return new LeafcutterError(
    'BAD_REQUEST',
    `Tag "${tag}" has at most ${ids} consecutive IDs at once; request fewer, or raise its max step.`,
    { reason: 'block_too_large' },
  );
}

/** `error`: what the coordinators said. Somebody asked for more than the `ids` that are left here. */
export function nearlyExhausted(tag: string, ids: number, error: LeafcutterError): LeafcutterError {
  if (ids === 0) return error;
  return new LeafcutterError(
    'TAG_EXHAUSTED',
    `Tag "${tag}" has only ${ids} ${ids === 1 ? 'ID' : 'IDs'} left here and gets no more; request fewer.`,
    { cause: error },
  );
}

/**
 * `why`: the error of the last refill, if it failed. It becomes the whole answer if the tag never had a segment, or
 * if the counter went back.
 */
export function nothingCame(
  tag: string,
  why: LeafcutterError | undefined,
  hadSegment: boolean,
): LeafcutterError {
  if (why !== undefined && (!hadSegment || why.code === 'SEGMENTS_EXHAUSTED')) return why;
  return new LeafcutterError('SEGMENTS_EXHAUSTED', `No segment of tag "${tag}" arrived in time; try again.`, {
    reason: why?.code ?? 'slow_refill',
    cause: why,
  });
}
