import { type Scope, Tokens } from '@leafcutter/shared/http/tokens';
import { readTagToken } from '@leafcutter/shared/token-entry';

/** The tokens of tinyid's clients that are valid now, each for one tag. */
export class TagTokens {
  #byTag: ReadonlyMap<string, Tokens> = new Map();

  /** `pairs`: as `tag=token`. */
  constructor(pairs: readonly string[]) {
    this.replace(pairs);
  }

  get isEmpty(): boolean {
    return this.#byTag.size === 0;
  }

  /** From now on these tokens are valid, and no others. */
  replace(pairs: readonly string[]): void {
    const byTag = new Map<string, string[]>();
    for (const pair of pairs) {
      const { tag, token } = readTagToken(pair);
      byTag.set(tag, [...(byTag.get(tag) ?? []), token]);
    }
    this.#byTag = new Map([...byTag].map(([tag, tokens]) => [tag, new Tokens(tokens)]));
  }

  /** If the token opens `tag`, an object that is the token's own. */
  find(tag: string, token: string): Scope | undefined {
    return this.#byTag.get(tag)?.find(token);
  }
}
