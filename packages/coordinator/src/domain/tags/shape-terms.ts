import { dateToken } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { keyMark, type OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { SHAPES, Shape } from '@leafcutter/shared/shape';
import type { TagRecord } from '../allocation/store.ts';

/**
 * Why an agent must not get segments of a tag, judged by what it says it understands; undefined if it may. An agent
 * of an earlier release would issue the bare numbers of a tag with a shape. For an opaque tag it must have exactly
 * the key that the deployment has under that version: two keys would write one text for two numbers (I1).
 */
export function shapeObstacle(
  { tag, shape: text }: Pick<TagRecord, 'tag' | 'shape'>,
  understands: readonly string[] | undefined,
  keys: OpaqueKeys,
): LeafcutterError | undefined {
  if (text === undefined) return undefined;
  // An agent that asks for a template itself would write its numbers without a date.
  if (understands?.includes(SHAPES) !== true || dateToken(text) !== undefined) {
    return new LeafcutterError(
      'VERSION_UNSUPPORTED',
      `Tag "${tag}" has a shape, and this agent is too old to know shapes. Upgrade the agent.`,
      { reason: 'shape' },
    );
  }
  if (Shape.parse(text)?.isOpaque !== true) return undefined;
  const marks = keys.versions.map((version) => keyMark(version, keys.checkValue(version) ?? ''));
  if (marks.some((mark) => understands.includes(mark))) return undefined;
  return new LeafcutterError(
    'LAYOUT_MISMATCH',
    `Tag "${tag}" is opaque, and this coordinator does not have the key with which this agent would write. Give a new key to the coordinators first, and make sure that each version has the same key everywhere.`,
    { reason: 'opaque_key' },
  );
}
