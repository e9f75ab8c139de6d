import { MAX_STARS, starsIn } from './tag-pattern.ts';

/** How long a token must be, in characters, if other machines can try to guess it. */
const MIN_NETWORK_TOKEN = 16;

/** What a token is, to end the sentence "takes …". */
export const TOKEN_FORM = 'of printable ASCII characters without spaces';

/** What is wrong with a token that other machines could guess. */
export const SHORT_TOKEN = `has a token of fewer than ${MIN_NETWORK_TOKEN} characters, which other machines could guess; make a longer one with "openssl rand -hex 24"`;

/** Whether a text can be sent as a token. A text with a space or an umlaut could never be a valid one. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** What may stand before a token, with a space between them, to say whose it is. */
const TOKEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** An entry that is a token, or a name and a token after it. */
export function readNamedToken(entry: string): {
  readonly name: string | undefined;
  readonly token: string;
} {
  const [first = '', second] = entry.split(/\s+/);
  return second === undefined ? { name: undefined, token: first } : { name: first, token: second };
}

export function isNamedToken(entry: string): boolean {
  const { name, token } = readNamedToken(entry);
  return entry.split(/\s+/).length <= 2 && isToken(token) && (name === undefined || TOKEN_NAME.test(name));
}

/** An entry of scoped tokens: names, and a token after them. */
export function readScopedToken(entry: string): {
  readonly names: readonly string[];
  readonly token: string;
} {
  const names = entry.split(/\s+/);
  const token = names.pop() ?? '';
  return { names, token };
}

export function isScopedToken(entry: string): boolean {
  const { names, token } = readScopedToken(entry);
  const isName = (name: string) => name !== '' && starsIn(name) <= MAX_STARS;
  return isToken(token) && names.length > 0 && names.every(isName);
}

/** An entry as `tag=token`. */
export function readTagToken(entry: string): { readonly tag: string; readonly token: string } {
  const at = entry.indexOf('=');
  return { tag: entry.slice(0, Math.max(0, at)), token: entry.slice(at + 1) };
}

export function isTagToken(entry: string): boolean {
  const { tag, token } = readTagToken(entry);
  return tag !== '' && isToken(token);
}

/** The first of some settings with a token that other machines could guess. */
export function settingWithShortToken<Key extends string>(
  tokens: {
    readonly [K in Key]: readonly string[];
  },
): Key | undefined {
  return (Object.keys(tokens) as Key[]).find((key) =>
    tokens[key].some((token) => token.length < MIN_NETWORK_TOKEN),
  );
}
