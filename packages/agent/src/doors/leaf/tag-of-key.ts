import { LeafcutterError } from '@leafcutter/shared/errors';
import { leafStem } from '@leafcutter/shared/tag';
import type { AgentConfig } from '../../settings/settings.ts';

export type DottedKeys = AgentConfig['leaf']['dottedKeys'];

/**
 * The tag that a key draws from. `path` is the key as it stands in the address: undecoded, perhaps with a slash behind it.
 * Leaf takes the slash away, cuts at the first semicolon and then, in a key without that slash, at the last dot.
 * @throws BAD_REQUEST with reason `dotted_key` where two tags could be meant, URIError where an escape is broken
 */
export function tagOfKey(path: string, dottedKeys: DottedKeys): string {
  const isSlashed = path.endsWith('/');
  const key = isSlashed ? path.slice(0, -1) : path;
  const [beforeParameters = ''] = key.split(';', 1);
  const whole = decodeURIComponent(key);
  const stem = leafStem(decodeURIComponent(beforeParameters));
  if (dottedKeys === 'whole' || (stem === undefined && beforeParameters === key)) return whole;
  // With a slash Leaf does not cut at the dot. That was read and not seen, and whoever writes so may mean either.
  if (dottedKeys === 'cut' && !(isSlashed && stem !== undefined)) {
    return stem ?? decodeURIComponent(beforeParameters);
  }
  throw new LeafcutterError(
    'BAD_REQUEST',
    `Leaf cuts the key "${whole}" at its dot or semicolon, so it serves another tag than the one with that name. Choose one: set the agent's leaf.dottedKeys to cut or whole.`,
    { reason: 'dotted_key' },
  );
}
