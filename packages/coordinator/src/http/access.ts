import type { Clock } from '@leafcutter/shared/clock';
import { templateOf } from '@leafcutter/shared/dated';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { askableTag } from '@leafcutter/shared/http/parameter';
import { type Scope, Tokens } from '@leafcutter/shared/http/tokens';
import { readNamedToken } from '@leafcutter/shared/token-entry';
import { checkWire, WIRE_HEADER } from '@leafcutter/shared/wire-version';
import type { Request } from 'express';
import { ACTORS } from '../domain/trail/trail.ts';
import type { CoordinatorConfig } from '../settings/settings.ts';
import { Paces } from './paces.ts';

type AccessSettings = Pick<
  CoordinatorConfig,
  'agentTokens' | 'scopedAgentTokens' | 'adminTokens' | 'viewerTokens' | 'tokenRequestsPerS'
>;

type Guard = (request: Request) => void;

/** Who may pass a guard. */
export type AccessKind = 'reports' | 'segments' | 'reads' | 'leases' | 'viewer' | 'admin';

/**
 * Who may do what, by the tokens that are valid now. If there are no tokens of a kind, everyone who reaches the port
 * may.
 */
export class Access {
  readonly #agents: Tokens;
  readonly #admins: Tokens;
  readonly #viewers: Tokens;
  /** The names of admin tokens, by what each opens. */
  #names: ReadonlyMap<Scope, string>;
  /** The key is what a token opens, an object of its own for each token. */
  readonly #paces: Paces<Scope>;
  readonly guards: Readonly<Record<AccessKind, Guard>> = {
    /** An agent that reports, whatever its token opens. */
    reports: (request) => void this.#agent(request, 'reports'),
    /** An agent that takes a segment of the tag in the address. */
    segments: (request) => checkTag(this.#agent(request, 'segments'), request),
    /** An agent that has an ID of the tag in the address read back. */
    reads: (request) => checkTag(this.#agent(request, 'reads'), request),
    /** An agent that takes a lease, keeps it or ends it. */
    leases: (request) => this.#agent(request, 'leases').checkSnowflake(),
    /** Looks. */
    viewer: (request) => void this.#viewers.admit(request.headers.authorization),
    /** Changes. A viewer is told so with FORBIDDEN. */
    admin: (request) => this.#admin(request),
  };

  constructor(clock: Clock, settings: AccessSettings) {
    this.#agents = new Tokens(settings.agentTokens, settings.scopedAgentTokens);
    this.#admins = new Tokens(bare(settings.adminTokens));
    this.#names = namesOf(settings.adminTokens, this.#admins);
    this.#viewers = new Tokens(viewersOf(settings));
    this.#paces = new Paces(clock, settings.tokenRequestsPerS, 'token');
  }

  /** How many tokens of each kind are valid now. */
  get counts(): Readonly<Record<'agent' | 'admin' | 'viewer', number>> {
    return { agent: this.#agents.count, admin: this.#admins.count, viewer: this.#viewers.count };
  }

  /** From now on these tokens are valid, and no others. */
  replace(settings: AccessSettings): void {
    this.#agents.replace(settings.agentTokens, settings.scopedAgentTokens);
    this.#admins.replace(bare(settings.adminTokens));
    this.#names = namesOf(settings.adminTokens, this.#admins);
    this.#viewers.replace(viewersOf(settings));
    this.#paces.change(settings.tokenRequestsPerS);
  }

  /** Who sent an admin's request, as the trail names them. @throws UNAUTHORIZED */
  adminName({ headers }: Request): string {
    if (this.#admins.isOpen) return ACTORS.anyone;
    return this.#names.get(this.#admins.admit(headers.authorization)) ?? ACTORS.unnamed;
  }

  /** Those of `tags` that the agent's token opens. */
  opened({ headers }: Request, tags: readonly string[]): string[] {
    const scope = this.#agents.admit(headers.authorization);
    return tags.filter((tag) => scope.allowsTag(scopedName(tag)));
  }

  #agent({ headers }: Request, kind: Parameters<Paces<Scope>['check']>[0]): Scope {
    const scope = this.#agents.admit(headers.authorization);
    checkWire(headers[WIRE_HEADER], 'agent');
    this.#paces.check(kind, scope);
    return scope;
  }

  #admin(request: Request): void {
    try {
      this.#admins.admit(request.headers.authorization);
    } catch (error) {
      if (hasCode(error, 'UNAUTHORIZED') && error.reason === 'wrong_token') {
        this.guards.viewer(request);
        throw new LeafcutterError('FORBIDDEN', 'This token is read-only.', {
          reason: 'viewer',
        });
      }
      throw error;
    }
  }
}

function checkTag(scope: Scope, request: Request): void {
  scope.checkTag(scopedName(askableTag.read('tag', String(request.params.tag))));
}

/** A token for a template is good for the tags of its days too. */
function scopedName(tag: string): string {
  return templateOf(tag)?.template ?? tag;
}

function viewersOf({ adminTokens, viewerTokens }: AccessSettings): readonly string[] {
  return adminTokens.length === 0 ? [] : [...bare(adminTokens), ...viewerTokens];
}

/** Tokens without their names. */
function bare(entries: readonly string[]): string[] {
  return entries.map((entry) => readNamedToken(entry).token);
}

function namesOf(entries: readonly string[], tokens: Tokens): ReadonlyMap<Scope, string> {
  const names = new Map<Scope, string>();
  for (const { name, token } of entries.map(readNamedToken)) {
    const scope = tokens.find(token);
    if (name !== undefined && scope !== undefined && !names.has(scope)) names.set(scope, name);
  }
  return names;
}
