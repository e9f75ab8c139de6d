import { dateToken } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { Shape } from '@leafcutter/shared/shape';
import type { AdminClient } from '../admin/admin-client.ts';
import { UsageError } from '../io.ts';
import type { Shapes } from './agent-door.ts';

/**
 * How tags write their numbers, as the coordinator says; of the tags that write them bare, nothing. A coordinator that
 * does not answer says nothing of any: whatever is drawn may then be no answer that can be read.
 * @throws UsageError if a tag writes texts that tell no number
 */
export async function shapesOf(
  client: Pick<AdminClient, 'show'> | undefined,
  sources: readonly string[],
): Promise<Shapes> {
  const shapes = new Map<string, Shape>();
  for (const tag of sources.filter((source) => source !== 'snowflake')) {
    const text = await shapeOf(client, tag);
    if (text === null) continue;
    if (dateToken(text) !== undefined)
      throw new UsageError(
        `"${tag}" starts again each day; name the tag of the day, as in order-{20261130}.`,
      );
    const shape = Shape.parse(text);
    if (shape === undefined) throw new UsageError(`This release does not know the shape of "${tag}".`);
    if (shape.isOpaque)
      throw new UsageError(`The IDs of "${tag}" are opaque, and its key stays with agents and coordinators.`);
    shapes.set(tag, shape);
  }
  return shapes;
}

async function shapeOf(client: Pick<AdminClient, 'show'> | undefined, tag: string): Promise<string | null> {
  try {
    return (await client?.show(tag))?.shape ?? null;
  } catch (error) {
    if (error instanceof LeafcutterError) return null;
    throw error;
  }
}
