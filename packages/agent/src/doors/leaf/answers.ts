import type { LeafcutterError } from '@leafcutter/shared/errors';
import { SPRING_JSON } from '../spring-error.ts';

/** The body is the bare digits, as which of both is asked for; Leaf writes the second one so. */
export const LEAF_TYPES = {
  text: 'text/plain; charset=utf-8',
  json: SPRING_JSON,
} as const;

/** Leaf tells every failure by 500; the message says the code, which Leaf's clients only show. */
export function leafFailure({ code, message }: LeafcutterError): string {
  return `${code}: ${message}`;
}
