import type { Scope } from '@leafcutter/shared/http/tokens';
import type { Request } from 'express';
import type { Agent } from '../../agent.ts';

type Guard = (request: Request) => void;

/** Who may do what at the HTTP doors. Tokens change while the agent runs, so each request is asked anew. */
export interface Guards {
  /** Any valid token will do. */
  readonly any: Guard;
  /** What the request's token opens; without tokens, everything. @throws UNAUTHORIZED */
  readonly scope: (request: Request) => Scope;
  readonly snowflake: Guard;
  /** For addresses whose request names a tag. */
  tag(nameOf: (request: Request) => string): Guard;
}

export function guardsOf({ tokens }: Agent): Guards {
  const admit = (request: Request) => tokens.admit(request.headers.authorization);
  return {
    any: admit,
    scope: admit,
    snowflake: (request) => admit(request).checkSnowflake(),
    tag: (nameOf) => (request) => admit(request).checkTag(nameOf(request)),
  };
}
