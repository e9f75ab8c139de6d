/** How much a client wants a type: what decides first stands first. */
interface Wish {
  /** 0 where it does not take the type. */
  readonly quality: number;
  /** 2 where the type is named, 1 by its kind (`text/*`), 0 by `*` or not at all. */
  readonly exactness: number;
  /** Which of the ranges it was. */
  readonly place: number;
}

const NO_WISH: Wish = { quality: 0, exactness: 0, place: Number.POSITIVE_INFINITY };
const QUALITY = /;\s*q\s*=\s*([0-9.]+)\s*(?:;|$)/i;

/**
 * True if a client would rather have JSON than plain text: by quality, then by what it names (`application/json, *` is a
 * wish for JSON), then by what it names first, as Spring does. Who has no preference gets text: a bare number.
 *
 * The order matters to axios, which sends `application/json, text/plain, *`: of a bare number it makes a JavaScript number, and
 * rounds it past 2^53. (Source: RFC 9110, 12.5.1.)
 */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = accept.split(',').map(readRange);
  const json = wishFor(ranges, 'application', 'json');
  const text = wishFor(ranges, 'text', 'plain');
  if (json.quality === 0 || json.quality !== text.quality) return json.quality > text.quality;
  if (json.exactness !== text.exactness) return json.exactness > text.exactness;
  return json.place < text.place;
}

function readRange(range: string): { readonly type: string; readonly quality: number } {
  const [type = ''] = range.split(';', 1);
  const quality = Number(QUALITY.exec(range)?.[1] ?? 1);
  return { type: type.trim().toLowerCase(), quality: quality >= 0 && quality <= 1 ? quality : 1 };
}

function wishFor(ranges: readonly ReturnType<typeof readRange>[], kind: string, name: string): Wish {
  let wish = NO_WISH;
  for (const [place, { type, quality }] of ranges.entries()) {
    const exactness = [['*', '*/*'], [`${kind}/*`], [`${kind}/${name}`]].findIndex((is) => is.includes(type));
    const isBetter = wish === NO_WISH ? exactness >= 0 : exactness > wish.exactness;
    if (isBetter) wish = { quality, exactness, place };
  }
  return wish;
}
