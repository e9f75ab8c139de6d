import type { LeafcutterError } from '@leafcutter/shared/errors';

/** Leaf tells every failure by 500; the message says the code, which Leaf's clients only show. */
export function leafFailure({ code, message }: LeafcutterError): string {
  return `${code}: ${message}`;
}
