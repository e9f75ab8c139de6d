/**
 * Dated tags: `order-{yyyyMMdd}` is a template. Its IDs come from the tag of the day, `order-{20261126}`, whose
 * numbers begin anew. No other new name may contain braces, so nobody can make the tag of a day by hand. The days of
 * `order-{yyyyMMdd@Europe/Berlin}` are those of a time zone, as `order-{20261126@Europe/Berlin}`; all others are of UTC.
 */

const ZONE = '@[A-Za-z0-9_+/-]{1,40}';
const TOKEN = /\{(yyyy|yyyyMM|yyyyMMdd|yyyyMMddHH)\}/;
const NAMED = new RegExp(`\\{(yyyy|yyyyMM|yyyyMMdd|yyyyMMddHH)(${ZONE})?\\}`);
const DATE = new RegExp(`\\{(\\d{4}|\\d{6}|\\d{8}|\\d{10})(${ZONE})?\\}`);
const TOKENS = ['yyyy', 'yyyyMM', 'yyyyMMdd', 'yyyyMMddHH'];

/** How long before a day begins its tag may be fetched, milliseconds. */
export const AHEAD_MS = 600_000;

/** Zones whose formats are kept. Anyone may ask an agent for any name, so they are bounded. */
const MAX_FORMATS = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The `{yyyyMMdd}` of a template or of its shape, without a zone; undefined if there is none. */
export function dateToken(text: string): string | undefined {
  const token = NAMED.exec(text)?.[1];
  return token && `{${token}}`;
}

/** The time zone that a template names; undefined for UTC. */
export function zoneOf(template: string): string | undefined {
  return NAMED.exec(template)?.[2]?.slice(1);
}

/** Whether this is a time zone, such as `Europe/Berlin`. */
export function isZone(zone: string): boolean {
  return formatOf(zone) !== undefined;
}

/** A template that names no time zone. */
export function withoutZone(template: string): string {
  return template.replace(NAMED, '{$1}');
}

/**
 * A template or its shape with one digit as its date, so that it can be checked like a name or shape without a date.
 */
export function withAnyDate(text: string, digit = '0'): string {
  return text.replace(TOKEN, (_, token: string) => digit.repeat(token.length));
}

/**
 * The tag that gives the template's IDs at a time (unix milliseconds). Names rise with time; an hour that a clock change
 * repeats has one name. A tag that isn't a template gives its own IDs, and so does one with an unknown zone.
 */
export function datedName(tag: string, atMs: number): string {
  const [, token, zone] = NAMED.exec(tag) ?? [];
  const digits = token && digitsAt(zone?.slice(1), atMs)?.slice(0, token.length);
  return digits === undefined ? tag : dayOf(tag, digits);
}

/** The template and the digits of the day, if the name is the tag of a day; undefined for any other name. */
export function templateOf(name: string): { readonly template: string; readonly digits: string } | undefined {
  const digits = DATE.exec(name)?.[1];
  const token = TOKENS.find(({ length }) => length === digits?.length);
  return digits === undefined ? undefined : { template: name.replace(DATE, `{${token}$2}`), digits };
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
  return /^\d+$/.test(digits) && digits.length === token[0].length - 2 ? dayOf(template, digits) : undefined;
}

function dayOf(template: string, digits: string): string {
  return template.replace(NAMED, (_, _token, zone = '') => `{${digits}${zone}}`);
}

/** Year, month, day and hour as ten digits; undefined if there is no such zone. */
function digitsAt(zone: string | undefined, atMs: number): string | undefined {
  if (zone === undefined) return new Date(atMs).toISOString().replace(/\D/g, '').slice(0, 10);
  const parts = formatOf(zone)?.formatToParts(atMs);
  const digitsOf = (type: string) => parts?.find((part) => part.type === type)?.value ?? '';
  return parts && ['year', 'month', 'day', 'hour'].map(digitsOf).join('');
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
    });
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(timeZone, format);
    return format;
  } catch {
    return undefined;
  }
}
