import { createHash, timingSafeEqual } from 'node:crypto';
import { LeafcutterError } from '../errors.ts';

/** Checks `Authorization: Bearer …` against a list of valid tokens. */
export type BearerCheck = (authorization: string | undefined) => void;

/**
 * A check for `tokens`; without tokens everyone passes. Digests are compared in constant time, so neither a token's
 * content nor its length shows in the time taken.
 * @throws UNAUTHORIZED
 */
export function bearerCheck(tokens: readonly string[]): BearerCheck {
  if (tokens.length === 0) return () => undefined;
  const isValid = tokenCheck(tokens);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) {
      throw new LeafcutterError('UNAUTHORIZED', 'Send a token as "Authorization: Bearer <token>".', {
        reason: 'missing_token',
      });
    }
    if (!isValid(given)) {
      throw new LeafcutterError('UNAUTHORIZED', 'The token is not one of the valid ones.', {
        reason: 'wrong_token',
      });
    }
  };
}

/** Tells whether a token is one of `tokens`; of an empty list none is. Takes equally long for each. */
export function tokenCheck(tokens: readonly string[]): (token: string) => boolean {
  const digests = tokens.map(digest);
  return (token) => {
    const presented = digest(token);
    // Every token is compared, found or not, so that the time tells nothing.
    return digests.filter((valid) => timingSafeEqual(valid, presented)).length > 0;
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
