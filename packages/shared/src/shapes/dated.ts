/**
 * Dated tags: `order-{yyyyMMdd}` is a template. Its IDs come from the tag of the day, `order-{20261126}`, whose
 * numbers begin anew. No other new name may contain braces, so nobody can make the tag of a day by hand.
 */

const TOKEN = /\{(yyyy|yyyyMM|yyyyMMdd|yyyyMMddHH)\}/;
const DATE = /\{(\d{4}|\d{6}|\d{8}|\d{10})\}/;
const TOKENS = ['yyyy', 'yyyyMM', 'yyyyMMdd', 'yyyyMMddHH'];

/** The `{yyyyMMdd}` of a template or of its shape; undefined if there is none. */
export function dateToken(text: string): string | undefined {
  return TOKEN.exec(text)?.[0];
}

/**
 * A template or its shape with one digit as its date, so that it can be checked like a name or shape without a date.
 */
export function withAnyDate(text: string, digit = '0'): string {
  return text.replace(TOKEN, (_, token: string) => digit.repeat(token.length));
}

/**
 * The tag that gives the template's IDs at a time (unix milliseconds, in UTC). Names rise with time. A tag that isn't
 * a template gives its own IDs.
 */
export function datedName(tag: string, atMs: number): string {
  return tag.replace(
    TOKEN,
    (_, token: string) => `{${new Date(atMs).toISOString().replace(/\D/g, '').slice(0, token.length)}}`,
  );
}

/** The template and the digits of the day, if the name is the tag of a day; undefined for any other name. */
export function templateOf(name: string): { readonly template: string; readonly digits: string } | undefined {
  const digits = DATE.exec(name)?.[1];
  const token = TOKENS.find(({ length }) => length === digits?.length);
  return digits === undefined ? undefined : { template: name.replace(DATE, `{${token}}`), digits };
}

/**
 * The shape of the tag of a day. The day's digits have a fixed place in each text, so no two days write the same
 * text.
 */
export function datedShape(shape: string, digits: string): string {
  return shape.replace(TOKEN, digits);
}

/** The tag of the day that a text belongs to, by the template's shape; undefined if the text has no date there. */
export function datedNameIn(template: string, shape: string, text: string): string | undefined {
  const token = TOKEN.exec(shape);
  if (token === null) return undefined;
  const isBehind = shape.slice(0, token.index).includes('{');
  const begin = isBehind ? text.length - (shape.length - token.index - 2) : token.index;
  const digits = text.slice(Math.max(0, begin), begin + token[0].length - 2);
  return /^\d+$/.test(digits) && digits.length === token[0].length - 2
    ? template.replace(TOKEN, `{${digits}}`)
    : undefined;
}
