import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const docs = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .sort();
const pages = ['README.md', 'packages/cli/README.md', ...docs.map((name) => `docs/${name}`)];

interface Block {
  readonly page: string;
  /** Undefined if its fence gives none. */
  readonly name: string | undefined;
}

interface Row {
  readonly page: string;
  readonly name: string;
  /** The test that runs it, below `test/`; undefined for text. */
  readonly test: string | undefined;
  readonly how: string;
}

/** The blocks that people copy into a terminal, and all others that have a name. */
function blocksOf(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(/^( *)```(\w+)(?: ([\w-]+))?\n[\s\S]*?^\1```$/gm)]
    .filter(([, , language, name]) => language === 'sh' || language === 'sql' || name !== undefined)
    .map(([, , , name]) => ({ page, name }));
}

/** The table of `test/commands.md`. */
function rowsOf(markdown: string): Row[] {
  const rows = [...markdown.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)];
  return rows.map(([, page = '', name = '', how = '']) => {
    const file = /^\[[^\]]*\]\(([^)]+)\)/.exec(how)?.[1];
    return { page, name, how, test: file };
  });
}

const keyOf = ({ page, name }: Block) => `${page} ${name}`;

/** What is wrong with a row: a test that is not there or does not name the block, or a text without a reason. */
function wrong({ page, name, test: file, how }: Row): string[] {
  if (file === undefined)
    return /^text: .{10,}/.test(how) ? [] : [`${page} ${name}: neither a test nor "text: why"`];
  if (!existsSync(join(ROOT, 'test', file))) return [`${page} ${name}: there is no test/${file}`];
  const source = read(join('test', file));
  const isNamed = new RegExp(`['" ]${name}['"]`).test(source);
  return isNamed ? [] : [`${page} ${name}: test/${file} does not name it`];
}

describe('the command blocks of the documents', () => {
  const blocks = pages.flatMap((page) => blocksOf(page, read(page)));
  const rows = rowsOf(read('test/commands.md'));

  test('have a name each, and none twice on a page', () => {
    expect(blocks.length).toBeGreaterThan(50);
    expect(blocks.filter(({ name }) => name === undefined)).toEqual([]);
    expect(new Set(blocks.map(keyOf)).size).toBe(blocks.length);
  });

  test('stand in test/commands.md, in their order, and nothing else does', () => {
    expect(rows.map(keyOf)).toEqual(blocks.map(keyOf));
  });

  test('are run by the test that the table names, or are text for a reason', () => {
    expect(rows.flatMap(wrong)).toEqual([]);
  });

  test('are mostly run', () => {
    const run = rows.filter((row) => row.test !== undefined);
    expect(run.length / rows.length).toBeGreaterThan(0.6);
  });

  test('NEGATIVE CONTROL: a block without a name, a test that is gone and text without a reason are found', () => {
    expect(blocksOf('a.md', '```sh\nls\n```\n')).toEqual([{ page: 'a.md', name: undefined }]);
    const row = { page: 'a.md', name: 'b', how: 'text: no' };
    expect(wrong({ page: 'a.md', name: 'b', how: 'text: no', test: undefined })).toHaveLength(1);
    expect(wrong({ ...row, test: 'no/such.test.ts' })).toHaveLength(1);
    expect(wrong({ ...row, test: 'unit/links.test.ts' })).toHaveLength(1);
  });
});
