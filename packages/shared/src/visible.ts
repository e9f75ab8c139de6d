/**
 * What a terminal obeys instead of showing it: control characters with ESC, line breaks, and marks that turn the
 * direction of the text after them. Foreign text that contains them can forge a row, or hide what it says.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Those of them that JSON leaves as they are. */
const OBEYED_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text that a terminal shows whole and in one line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is kept out.
export const PLAIN_TEXT = /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/;

/** Ends the sentence "takes …" about a text that has to be plain. */
export const PLAIN_TEXT_FORM = 'must not have control characters or marks of text direction';

/** `text` in one line; anything that a terminal would obey is written out, as in `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(OBEYED, (character) => `\\u{${hex(character)}}`);
}

/** JSON as `JSON.stringify` and pino write it, with its own line breaks kept. It stays the same JSON. */
export function visibleJson(json: string): string {
  return json.replace(OBEYED_IN_JSON, (character) => `\\u${hex(character).padStart(4, '0')}`);
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16);
}
