/** Answers in the Redis protocol, versions 2 and 3. One character stands for one byte (latin1). */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
const CONTROLS = /[\u0000-\u001f\u007f]+/g;

export const OK = '+OK\r\n';

export function integer(value: bigint | number): string {
  return `:${value}\r\n`;
}

export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

export function array(items: readonly string[]): string {
  return arrayOf(items.length, items);
}

/** An array of `length` items, several in each piece. */
export function arrayOf(length: number, pieces: readonly string[]): string {
  return `*${length}\r\n${pieces.join('')}`;
}

/** A map; version 2 has none and takes a list of names and values. */
export function map(entries: readonly (readonly [string, string])[], version: 2 | 3): string {
  const flat = entries.flat().join('');
  return `${version === 3 ? `%${entries.length}` : `*${entries.length * 2}`}\r\n${flat}`;
}

export function nothing(version: 2 | 3): string {
  return version === 3 ? '_\r\n' : '$-1\r\n';
}

/** One line, whatever a client's text in it contains. */
export function failure(message: string): string {
  return `-${bytesOf(message).replace(CONTROLS, ' ').slice(0, 512)}\r\n`;
}

/** Text in UTF-8, one character for one byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Decodes bytes as UTF-8, one character for one byte. */
export function textOf(bytes: string): string {
  return /[^ -~]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes;
}
