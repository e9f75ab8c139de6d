import { LeafcutterError } from '@leafcutter/shared/errors';
import type { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { Shape } from '@leafcutter/shared/shape';
import type { Segment } from '../domain/segments/segment.ts';

/**
 * The shape that a coordinator sent with a segment. @throws VERSION_UNSUPPORTED if this agent cannot write such
 * numbers: it must not issue them bare (I4)
 */
export function readShape(tag: string, text: string, { end }: Segment, keys: OpaqueKeys): Shape {
  const ofTag = keys.forTag(tag);
  const shape = Shape.parse(text, ofTag);
  if (shape?.isOpaque === true && ofTag === undefined) throw keyMissing(tag);
  if (shape !== undefined && end - 1n <= shape.highest) return shape;
  throw new LeafcutterError(
    'VERSION_UNSUPPORTED',
    `Tag "${tag}" has shape ${text.slice(0, 100)}, which this agent cannot write. Upgrade the agent.`,
    { reason: 'shape' },
  );
}

function keyMissing(tag: string): LeafcutterError {
  return new LeafcutterError(
    'LAYOUT_MISMATCH',
    `Tag "${tag}" is opaque, but this agent has no opaqueKeys. Give it the same keys as the coordinators.`,
    { reason: 'opaque_key' },
  );
}
