import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { RETRY_REASONS } from '@leafcutter/coordinator/domain/allocation/store';
import { ERROR_CODES } from '@leafcutter/shared/errors';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');

/** Heading and text of every section whose heading looks like a code. */
const sections = new Map(
  page
    .split(/^## /m)
    .map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section])
    .filter(([heading]) => /^[A-Z_]+$/.test(heading)),
);

/** How the code writes reasons: as details of an error, or as the argument of a helper that makes one. */
const REASON = /(?:\breason: |\blost\(\w+, |unavailable\((?:'[^']*', )?)'([a-zA-Z_]+)'/g;

const source = ['agent', 'coordinator', 'shared'].map(sourceOf).join('\n');

function sourceOf(name: string): string {
  const folder = join(ROOT, 'packages', name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('fakes/'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}

describe('docs/errors.md', () => {
  test('has every code, in the order of the source, and no other', () => {
    expect([...sections.keys()]).toEqual(Object.keys(ERROR_CODES));
  });

  test.each(Object.entries(ERROR_CODES))(
    'tells status, cause and cure of %s',
    (code, { status, retryable }) => {
      const section = sections.get(code) ?? '';
      expect(section).toContain(`**Status ${status}, ${retryable ? 'retryable' : 'not retryable'}.**`);
      expect(section).toMatch(/^- \*\*Causes:\*\* \S/m);
      expect(section).toMatch(/^- \*\*Cure:\*\* \S/m);
    },
  );

  test('names every reason that the code gives', () => {
    const literals = [...source.matchAll(REASON)].map(([, reason]) => reason ?? '');
    const reasons = new Set<string>([...literals, ...Object.values(RETRY_REASONS)]);
    expect(reasons.size).toBeGreaterThan(25);
    expect([...reasons].filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });

  test('names no reason that the code does not give', () => {
    const rows = [...page.matchAll(/^\| `([a-z_]+)`/gm)].map(([, reason]) => reason ?? '');
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((reason) => !source.includes(`'${reason}'`))).toEqual([]);
  });
});
