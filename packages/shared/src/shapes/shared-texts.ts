import { dateToken, withAnyDate } from './dated.ts';
import { Shape } from './shape.ts';

type Form = readonly string[];

/** No text of a shape is longer than this. */
const LONGEST = 128;

/**
 * Tells whether tags with other shapes can write a text that a tag with `shape` can write too, for any numbers, keys
 * and days. It says yes if it cannot know, as for a shape from a later release, and for some numbers above the
 * highest ID. It never says no if two tags do write the same text.
 */
export function canShareTexts(shape: string): (other: string) => boolean {
  const form = formsOf(shape);
  const own = Array.from({ length: LONGEST + 1 }, (_, length) => form?.(length) ?? []).filter(
    ({ length }) => length > 0,
  );
  return (other) => {
    const formOfOther = formsOf(other);
    if (form === undefined || formOfOther === undefined) return true;
    return own.some((one) => isCommon(one, formOfOther(one.length)));
  };
}

/** The form of texts by their length; of a dated shape, that of all its days. Undefined if the shape cannot be read. */
function formsOf(shape: string): ((length: number) => Form | undefined) | undefined {
  const zeros = Shape.parse(withAnyDate(shape, '0'));
  if (zeros === undefined) return undefined;
  if (dateToken(shape) === undefined) return (length) => zeros.form(length);
  const nines = Shape.parse(withAnyDate(shape, '9'));
  return (length) => {
    const nine = nines?.form(length);
    // Places that differ between a date of zeros and one of nines are digits of the date.
    return zeros
      .form(length)
      ?.map((characters, at) => (characters === nine?.[at] ? characters : '0123456789'));
  };
}

function isCommon(form: Form, another: Form | undefined): boolean {
  return (
    another !== undefined && form.every((characters, at) => haveOneInCommon(characters, another[at] ?? ''))
  );
}

function haveOneInCommon(characters: string, others: string): boolean {
  return Array.from(characters).some((character) => others.includes(character));
}
