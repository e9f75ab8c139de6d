import { z } from 'zod';
import { isToken, TOKEN_FORM } from '../../token-entry.ts';
import { renderNumber } from '../output/render-value.ts';
import { kind, Setting, type SettingText } from '../setting.ts';
import { Address } from './address.ts';

export interface TextOptions {
  /** What the whole text must match; anchor it. */
  readonly pattern?: RegExp;
  /** In UTF-16 code units; default 1,024. */
  readonly maxLength?: number;
  /** Says in words what `pattern` says, to end the sentence "takes …". */
  readonly takes?: string;
  /** The value is never shown. */
  readonly secret?: boolean;
}

export interface UrlOptions {
  /** Without the colon; default `['http', 'https']`. */
  readonly protocols?: readonly string[];
  /** The URL may hold a password: it is accepted with one, and never shown. */
  readonly secret?: boolean;
}

/** Text of at least one character, without blanks around it. */
export const text = kind((options: TextOptions) => ({
  schema: textSchema(options),
  takes: options.takes ?? textWords(options),
  placeholder: 'text',
}));

/** On or off. */
export const flag = kind((_: object) => ({
  schema: z.preprocess(
    (given) => (typeof given === 'object' ? given : String(given).trim()),
    z.stringbool({ truthy: ['true', '1', 'yes'], falsy: ['false', '0', 'no'] }),
  ),
  takes: 'true or false (also yes or no, 1 or 0)',
  placeholder: 'true|false',
  isFlag: true,
}));

/** One of a few words. */
export function choice<const V extends string, R extends true | undefined = undefined>(
  values: readonly V[],
  options: SettingText<R> & { readonly optional: true },
): Setting<V | undefined, NoInfer<R>>;
export function choice<const V extends string, R extends true | undefined = undefined>(
  values: readonly V[],
  options: SettingText<R> & ({ readonly default: NoInfer<V> } | { readonly required: true }),
): Setting<V, NoInfer<R>>;
export function choice(values: readonly string[], options: SettingText): Setting<string | undefined> {
  const schema = z.string().trim().pipe(z.enum(values));
  return new Setting(
    { schema, takes: `one of ${values.join(', ')}`, placeholder: values.join('|') },
    options,
  );
}

/** Where a server listens. */
export const address = kind((_: object) => ({
  schema: z.preprocess(
    (given) => (typeof given === 'string' ? Address.parse(given.trim()) : given),
    z.instanceof(Address),
  ),
  takes: 'an address as host:port, for example 127.0.0.1:8000',
  placeholder: 'host:port',
}));

const PATH = { schema: z.string().regex(/^[^\0]+$/), takes: 'a path', placeholder: 'path' };

/** A file or a folder; a relative one counts from where the process was started. */
export const path = kind((_: object) => PATH);

/**
 * A file that is read for what stands in it. If it is marked as reloading, a change of that counts; another path needs a
 * restart.
 */
export const file = kind((_: object) => ({ ...PATH, isFile: true }));

/** A URL, kept as it was written. */
export const url = kind((options: UrlOptions) => ({
  schema: urlSchema(options),
  takes: `a URL ${urlWords(options)}`,
  placeholder: 'url',
}));

/** A token is never shown. It has no default: one in the source would not be a secret. */
export const token = kind((_: { readonly default?: never }) => ({
  schema: z.string().refine(isToken),
  takes: `a token ${TOKEN_FORM}`,
  placeholder: 'secret',
  isSecret: true,
}));

/** What `text` and each item of `textList` must be. */
export function textSchema({ pattern = /^/, maxLength = 1024 }: TextOptions): z.ZodType<string> {
  return z.string().trim().min(1).max(maxLength).regex(pattern);
}

function textWords({ pattern, maxLength = 1024 }: TextOptions): string {
  return pattern ? `text that matches ${pattern}` : `text of 1 to ${renderNumber(maxLength)} characters`;
}

/** What `url` and each item of `urlList` must be. */
export function urlSchema(options: UrlOptions): z.ZodType<string> {
  return z
    .string()
    .trim()
    .refine((given) => isUrl(given, options));
}

/** Says what {@link urlSchema} checks, after "a URL" or "URLs". */
export function urlWords({ protocols = ['http', 'https'], secret }: UrlOptions): string {
  const starts = protocols.map((protocol) => `${protocol}://`).join(' or ');
  return secret ? `with ${starts}` : `with ${starts} and without a password`;
}

/** A URL that will be shown must hold no credentials, so these are refused unless the URL is a secret. */
function isUrl(given: string, { protocols = ['http', 'https'], secret = false }: UrlOptions): boolean {
  if (!protocols.some((protocol) => given.startsWith(`${protocol}://`)) || !URL.canParse(given)) return false;
  const { hostname, username, password } = new URL(given);
  return hostname !== '' && (secret || (username === '' && password === ''));
}
