import type { Scope } from '@leafcutter/shared/http/tokens';
import type { Request } from 'express';
import type { Agent } from '../agent.ts';

type Guard = (request: Request) => void;

/** Who may pass a guard of the agent's own addresses. */
export type DrawAccess = 'any' | 'tag' | 'snowflake' | 'decoded';

/** Who may do what at the HTTP doors. Tokens change while the agent runs, so each request is asked anew. */
export interface Guards {
  /** Any valid token will do. */
  readonly any: Guard;
  /** What the request's token opens; without tokens, everything. @throws UNAUTHORIZED */
  readonly scope: (request: Request) => Scope;
  readonly snowflake: Guard;
  /** For addresses whose request names a tag. */
  tag(nameOf: (request: Request) => string): Guard;
  /** The scope of a request that a guard has admitted. */
  who(request: Request): Scope;
}

export function guardsOf({ tokens }: Agent): Guards {
  const admitted = new WeakMap<Request, Scope>();
  const admit = (request: Request) => {
    const scope = tokens.admit(request.headers.authorization);
    admitted.set(request, scope);
    return scope;
  };
  return {
    any: admit,
    scope: admit,
    snowflake: (request) => admit(request).checkSnowflake(),
    tag: (nameOf) => (request) => admit(request).checkTag(nameOf(request)),
    who(request) {
      const scope = admitted.get(request);
      if (scope === undefined) throw new Error('a request came past its guard');
      return scope;
    },
  };
}

/** The guards of the agent's own addresses. */
export function ownGuards({ any, snowflake, tag }: Guards): Readonly<Record<DrawAccess, Guard>> {
  const ofQuery = tag((request) => String(request.query.tag));
  return {
    any,
    snowflake,
    tag: tag((request) => String(request.params.tag)),
    // Whoever may draw a tag's IDs may have them read back; a snowflake tells its parts to everyone.
    decoded: (request) => (request.query.tag === undefined ? any : ofQuery)(request),
  };
}
