import type { z } from 'zod';
import { LeafcutterError } from '../../errors.ts';

/**
 * The body of a request as `schema` understands it.
 * @throws BAD_REQUEST naming the first field that is wrong
 */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  if (body === undefined) {
    throw new LeafcutterError('BAD_REQUEST', 'Send a JSON body with Content-Type: application/json.', {
      reason: 'body',
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? (issue?.path.join('.') || 'body');
  const problem =
    unknown === undefined ? inSentence(issue?.message ?? 'is not valid') : 'is not a known field';
  throw new LeafcutterError('BAD_REQUEST', `${field}: ${problem}.`, { reason: field });
}

/** Zod's own messages begin with a capital, ours do not. */
function inSentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
