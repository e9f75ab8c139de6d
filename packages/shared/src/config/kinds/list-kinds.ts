import { z } from 'zod';
import { isOpaqueKey } from '../../shapes/opaque-key-entry.ts';
import { MAX_STARS } from '../../tag-pattern.ts';
import {
  isNamedToken,
  isScopedToken,
  isTagToken,
  isToken,
  readNamedToken,
  TOKEN_FORM,
} from '../../token-entry.ts';
import { listKind } from '../setting.ts';
import { type TextOptions, textSchema, type UrlOptions, urlSchema, urlWords } from './setting-kinds.ts';

interface ListOptions {
  /** Default 0. */
  readonly minItems?: number;
}

/** Texts that hold no comma. */
export const textList = listKind((options: TextOptions & ListOptions) => ({
  schema: listOf(textSchema(options), options),
  takes: `${atLeast(options)}${options.takes ?? `texts${options.pattern ? ` that match ${options.pattern}` : ''}`}, separated by commas`,
  placeholder: 'text,…',
}));

/** URLs, kept as they were written. */
export const urlList = listKind((options: UrlOptions & ListOptions) => ({
  schema: listOf(urlSchema(options), options),
  takes: `${atLeast(options)}URLs ${urlWords(options)}, separated by commas`,
  placeholder: 'url,…',
}));

/** Tokens that hold no comma; in a `_FILE` they may stand one a line. Never shown. */
export const tokenList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isToken), options),
  takes: `${atLeast(options)}tokens ${TOKEN_FORM}, separated by commas`,
  placeholder: 'secret,…',
  isSecret: true,
}));

/** Tokens, each with the name of its holder before it if there is one. The names are no secrets. */
export const namedTokenList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isNamedToken), options),
  takes: `${atLeast(options)}tokens ${TOKEN_FORM}, separated by commas; each may have a name and a space before it`,
  placeholder: 'secret,…',
  isSecret: true,
  toTell: (entries) => entries.map((entry) => readNamedToken(entry).name ?? '(unnamed)').join(', '),
}));

/** Tokens with the words before them that say what each opens. */
export const scopedTokenList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isScopedToken), options),
  takes: `${atLeast(options)}entries as "tag tag… token", * in a tag for any characters (at most ${MAX_STARS} times), the token ${TOKEN_FORM}, separated by commas`,
  placeholder: 'tag… secret,…',
  isSecret: true,
}));

/** Tokens with the one tag that each opens. */
export const tagTokenList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isTagToken), options),
  takes: `${atLeast(options)}entries as tag=token, the token ${TOKEN_FORM}, separated by commas`,
  placeholder: 'tag=secret,…',
  isSecret: true,
}));

/** Keys by version, each version once. */
export const opaqueKeyList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isOpaqueKey), options).refine(
    (entries) => new Set(entries.map((entry) => entry[0])).size === entries.length,
  ),
  takes: `${atLeast(options)}entries as version=key, version 0 to 9, key of 32 characters or more, separated by commas`,
  placeholder: '1=secret,…',
  isSecret: true,
}));

function listOf(item: z.ZodType<string>, { minItems = 0 }: ListOptions): z.ZodType<readonly string[]> {
  return z.preprocess(
    (given) => (typeof given === 'string' ? split(given) : given),
    z.array(item).min(minItems).readonly(),
  );
}

/** Line breaks separate too, so that a mounted file may hold one item a line. Empty items are dropped. */
function split(given: string): string[] {
  return given
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function atLeast({ minItems = 0 }: ListOptions): string {
  return minItems === 0 ? '' : `${minItems} or more `;
}
