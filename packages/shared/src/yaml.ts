import { LineCounter, parseDocument, stringify } from 'yaml';
import { visibleJson } from './visible.ts';

/**
 * What a text of YAML holds, and so one of JSON too; whole numbers are bigints. The parser's own messages quote the
 * text, which may hold secrets, so only its code and place are told.
 */
export function parseYaml(source: string): { readonly content: unknown } | { readonly problem: string } {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    intAsBigInt: true,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'error',
  });
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const what = error.code.toLowerCase().replaceAll('_', ' ');
    return { problem: `not valid YAML or JSON at line ${line}, column ${col} (${what})` };
  }
  try {
    return { content: document.toJS() };
  } catch {
    return { problem: 'an alias in it cannot be resolved' };
  }
}

/** A value as YAML. Texts are quoted as in JSON, so that none is taken for a number, and a terminal obeys none. */
export function yamlText(value: unknown): string {
  return visibleJson(
    stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }),
  );
}
