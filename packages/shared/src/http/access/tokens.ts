import { createHash, timingSafeEqual } from 'node:crypto';
import { LeafcutterError } from '../../errors.ts';
import { fits } from '../../tag-pattern.ts';
import { readScopedToken } from '../../token-entry.ts';

/** What a scoped token names instead of a tag to open snowflake mode. No tag can have this name. */
const SNOWFLAKE_SCOPE = '@snowflake';

/** What a token opens. */
export class Scope {
  static readonly all = new Scope(undefined);
  static readonly none = new Scope([]);
  readonly #patterns: readonly ((tag: string) => boolean)[] | undefined;
  readonly allowsSnowflake: boolean;

  /** `names`: tags, in which `*` stands for any characters, and `@snowflake`; undefined for everything. */
  constructor(names: readonly string[] | undefined) {
    this.#patterns = names?.map(fits);
    this.allowsSnowflake = names?.includes(SNOWFLAKE_SCOPE) ?? true;
  }

  allowsTag(tag: string): boolean {
    return this.#patterns === undefined || this.#patterns.some((isFitting) => isFitting(tag));
  }

  /** @throws FORBIDDEN */
  checkTag(tag: string): void {
    if (!this.allowsTag(tag)) throw outside('This token does not give access to this tag.');
  }

  /** @throws FORBIDDEN */
  checkSnowflake(): void {
    if (!this.allowsSnowflake) throw outside('This token does not give access to snowflake mode.');
  }
}

/**
 * The tokens that are valid now; if there are none, everyone passes. Digests are compared in constant time, so the
 * time taken shows neither a token's content nor its length.
 */
export class Tokens {
  #entries: readonly { readonly digest: Buffer; readonly scope: Scope }[] = [];
  #version = 0;

  /** `scoped`: entries of the form `name name … token`. If several have the same token, all their names count. */
  constructor(plain: readonly string[], scoped: readonly string[] = []) {
    this.replace(plain, scoped);
  }

  /** Changes whenever the tokens do: earlier results may no longer hold. */
  get version(): number {
    return this.#version;
  }

  /** How many tokens are valid now. */
  get count(): number {
    return this.#entries.length;
  }

  get isOpen(): boolean {
    return this.#entries.length === 0;
  }

  /** From now on these tokens are valid, and no others. */
  replace(plain: readonly string[], scoped: readonly string[] = []): void {
    this.#version += 1;
    this.#entries = [
      ...plain.map((token) => ({ digest: digest(token), scope: new Scope(undefined) })),
      ...[...namesByToken(scoped)].map(([token, names]) => ({
        digest: digest(token),
        scope: new Scope(names),
      })),
    ];
  }

  /**
   * What `Authorization: Bearer …` opens: an object of the token's own, the same one as long as it is valid. @throws
   * UNAUTHORIZED
   */
  admit(authorization: string | undefined): Scope {
    if (this.isOpen) return Scope.all;
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) {
      throw new LeafcutterError('UNAUTHORIZED', 'Send a token as "Authorization: Bearer <token>".', {
        reason: 'missing_token',
      });
    }
    const scope = this.find(given);
    if (scope === undefined) {
      throw new LeafcutterError('UNAUTHORIZED', 'The token is not valid.', {
        reason: 'wrong_token',
      });
    }
    return scope;
  }

  /** What a token opens; undefined if it is not a valid one. */
  find(token: string): Scope | undefined {
    const presented = digest(token);
    // Every token is compared, found or not, so that the time shows nothing.
    const found = this.#entries.filter((entry) => timingSafeEqual(entry.digest, presented));
    return found[0]?.scope;
  }
}

function namesByToken(scoped: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const byToken = new Map<string, string[]>();
  for (const entry of scoped) {
    const { names, token } = readScopedToken(entry);
    byToken.set(token, [...(byToken.get(token) ?? []), ...names]);
  }
  return byToken;
}

function outside(message: string): LeafcutterError {
  return new LeafcutterError('FORBIDDEN', message, { reason: 'tag_scope' });
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
