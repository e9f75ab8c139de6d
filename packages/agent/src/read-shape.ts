import { LeafcutterError } from '@leafcutter/shared/errors';
import { Shape } from '@leafcutter/shared/shape';
import type { Segment } from './domain/segment.ts';

/** The shape that a coordinator sent with a segment. @throws VERSION_UNSUPPORTED where this agent cannot write these numbers so: it must not issue them bare (I4) */
export function readShape(tag: string, text: string, { end }: Segment): Shape {
  const shape = Shape.parse(text);
  if (shape !== undefined && end - 1n <= shape.highest) return shape;
  throw new LeafcutterError(
    'VERSION_UNSUPPORTED',
    `Tag "${tag}" has shape ${text.slice(0, 100)}, which this agent cannot write. Upgrade the agent first.`,
    { reason: 'shape' },
  );
}
