import { visibleJson } from '@leafcutter/shared/visible';

/** A value as JSON for people and programs; big integers as decimal strings. */
export function jsonText(value: unknown): string {
  const text = (_key: string, part: unknown) => (typeof part === 'bigint' ? String(part) : part);
  return `${visibleJson(JSON.stringify(value, text, 2))}\n`;
}
