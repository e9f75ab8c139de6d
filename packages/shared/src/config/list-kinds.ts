import { z } from 'zod';
import { isOpaqueKey } from '../opaque-key-entry.ts';
import { isScopedToken } from '../scoped-token.ts';
import { listKind } from './setting.ts';
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

/** Secrets that hold no comma and no line break; in a `_FILE` they may stand one a line. Never shown. */
export const secretList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().min(1), options),
  takes: `${atLeast(options)}texts, separated by commas`,
  placeholder: 'secret,…',
  isSecret: true,
}));

/** Secrets with the words before them that say what each opens. */
export const scopedTokenList = listKind((options: ListOptions & { readonly default?: never }) => ({
  schema: listOf(z.string().refine(isScopedToken), options),
  takes: `${atLeast(options)}entries as "tag tag… token", * in a tag for any characters, separated by commas`,
  placeholder: 'tag… secret,…',
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
