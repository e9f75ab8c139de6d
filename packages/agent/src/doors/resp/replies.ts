/** Answers as the Redis protocol writes them, versions 2 and 3. */

export const OK = '+OK\r\n';

export function integer(value: bigint | number): string {
  return `:${value}\r\n`;
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

export function array(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`;
}

/** A map; version 2 has none and takes a list of names and values. */
export function map(entries: readonly (readonly [string, string])[], version: 2 | 3): string {
  const flat = entries.flat().join('');
  return `${version === 3 ? `%${entries.length}` : `*${entries.length * 2}`}\r\n${flat}`;
}

export function nothing(version: 2 | 3): string {
  return version === 3 ? '_\r\n' : '$-1\r\n';
}

/** One line, whatever a client sent stands in it. */
export function failure(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
  return `-${message.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 512)}\r\n`;
}
