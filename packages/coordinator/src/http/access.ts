import { templateOf } from '@leafcutter/shared/dated';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { Tokens } from '@leafcutter/shared/http/tokens';
import { checkWire, WIRE_HEADER } from '@leafcutter/shared/wire-version';
import type { Request } from 'express';
import type { CoordinatorConfig } from '../settings.ts';
import { tagOf } from './tag-of.ts';

type TokenSettings = Pick<
  CoordinatorConfig,
  'agentTokens' | 'scopedAgentTokens' | 'adminTokens' | 'viewerTokens'
>;

interface Guard {
  readonly guard: (request: Request) => void;
}

/** Who may do what, by the tokens that are valid now. Without tokens of a kind, whoever reaches the port may. */
export class Access {
  readonly #agents: Tokens;
  readonly #admins: Tokens;
  readonly #viewers: Tokens;
  /** An agent, whatever its token opens. */
  readonly agent: Guard = { guard: (request) => void this.#agent(request) };
  /** An agent that takes a segment of the tag in the address; who may have a template's may have those of its days. */
  readonly segments: Guard = {
    guard: (request) => {
      const tag = tagOf(request);
      this.#agent(request).checkTag(templateOf(tag)?.template ?? tag);
    },
  };
  /** An agent that takes or keeps a lease. */
  readonly leases: Guard = { guard: (request) => this.#agent(request).checkSnowflake() };
  /** Looks. */
  readonly viewer: Guard = { guard: (request) => void this.#viewers.admit(request.headers.authorization) };
  /** Changes. A viewer is told so with FORBIDDEN. */
  readonly admin: Guard = { guard: (request) => this.#admin(request) };

  constructor(settings: TokenSettings) {
    this.#agents = new Tokens(settings.agentTokens, settings.scopedAgentTokens);
    this.#admins = new Tokens(settings.adminTokens);
    this.#viewers = new Tokens(viewersOf(settings));
  }

  /** From now on these tokens are valid, and no others. */
  replace(settings: TokenSettings): void {
    this.#agents.replace(settings.agentTokens, settings.scopedAgentTokens);
    this.#admins.replace(settings.adminTokens);
    this.#viewers.replace(viewersOf(settings));
  }

  #agent({ headers }: Request) {
    const scope = this.#agents.admit(headers.authorization);
    checkWire(headers[WIRE_HEADER], 'agent');
    return scope;
  }

  #admin(request: Request): void {
    try {
      this.#admins.admit(request.headers.authorization);
    } catch (error) {
      if (hasCode(error, 'UNAUTHORIZED') && error.reason === 'wrong_token') {
        this.viewer.guard(request);
        throw new LeafcutterError('FORBIDDEN', 'This token may look, but change nothing.', {
          reason: 'viewer',
        });
      }
      throw error;
    }
  }
}

function viewersOf({ adminTokens, viewerTokens }: TokenSettings): readonly string[] {
  return adminTokens.length === 0 ? [] : [...adminTokens, ...viewerTokens];
}
