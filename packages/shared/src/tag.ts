/** Highest ID that is ever handed out: 2^63 − 2, so that `end` of a segment still fits a signed 64-bit column. */
export const HIGHEST_ID = 2n ** 63n - 2n;

/** Length limit of a tag, in characters: the width of Leaf's `biz_tag`. */
export const TAG_MAX_LENGTH = 128;

/** Names that new tags may take. Existing tags are served whatever their name. */
export const NEW_TAG_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Largest batch of one request, in IDs. */
export const MAX_COUNT = 10_000;

/** 1 to 128 characters, none of them a control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is kept out.
export const ASKABLE_TAG = /^[^\u0000-\u001f\u007f]{1,128}$/;

/** True if `tag` could be in a store: 1 to 128 characters, none of them a control character. */
export function isAskableTag(tag: string): boolean {
  return ASKABLE_TAG.test(tag);
}

/**
 * The row that Leaf serves the key `name` from, if not from the one of that name: Spring's suffix patterns cut a key at its
 * last dot, so `acct.v2` draws from `acct`. Undefined for a key without a dot. (Source: Spring 4.3,
 * `PatternsRequestCondition` with `useSuffixPatternMatch`; seen on a running Leaf.)
 */
export function leafStem(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? undefined : name.slice(0, dot);
}
