import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { bearerCheck } from '@leafcutter/shared/http/bearer';
import { checkWire, WIRE_HEADER } from '@leafcutter/shared/wire-version';
import type { Request } from 'express';
import type { CoordinatorConfig } from '../settings.ts';

type Guard = { readonly guard: (request: Request) => void };

/** Who may do what. Without tokens of a kind, whoever reaches the port may. */
export interface Access {
  /** Takes segments and leases. */
  readonly agent: Guard;
  /** Looks. */
  readonly viewer: Guard;
  /** Changes. A viewer is told so with FORBIDDEN. */
  readonly admin: Guard;
}

export function accessOf({
  agentTokens,
  adminTokens,
  viewerTokens,
}: Pick<CoordinatorConfig, 'agentTokens' | 'adminTokens' | 'viewerTokens'>): Access {
  const guard = (tokens: readonly string[]): Guard => {
    const check = bearerCheck(tokens);
    return { guard: (request) => check(request.headers.authorization) };
  };
  const viewer = guard(adminTokens.length === 0 ? [] : [...adminTokens, ...viewerTokens]);
  const admin = guard(adminTokens);
  const agent = guard(agentTokens);
  return {
    agent: {
      guard(request) {
        agent.guard(request);
        checkWire(request.headers[WIRE_HEADER], 'agent');
      },
    },
    viewer,
    admin: {
      guard(request) {
        try {
          admin.guard(request);
        } catch (error) {
          if (hasCode(error, 'UNAUTHORIZED') && error.reason === 'wrong_token') {
            viewer.guard(request);
            throw new LeafcutterError('FORBIDDEN', 'This token may look, but change nothing.', {
              reason: 'viewer',
            });
          }
          throw error;
        }
      },
    },
  };
}
