import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { markdownFiles } from '../support/markdown-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const pages = markdownFiles(ROOT);
/** A release has this page beside the folder of documents. */
const READ_AT: Readonly<Record<string, string>> = { 'packages/cli/README.md': 'README.md' };

const withoutCode = (markdown: string) =>
  markdown.replaceAll(/^( *)(`{3,})[^\n]*\n.*?^\1\2$/gms, '').replaceAll(/`[^`\n]*`/g, '``');

/** The anchors that GitHub and the documents' site give to a page's headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const headings = markdown.replaceAll(/^( *)(`{3,})[^\n]*\n.*?^\1\2$/gms, '').matchAll(/^#{1,6} (.+)$/gm);
  for (const [, heading = ''] of headings) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with the links of a page to files and headings of the repository. */
function brokenLinks(page: string, markdown: string): string[] {
  const links = [...withoutCode(markdown).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
  return links.flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? join(ROOT, page) : resolve(ROOT, READ_AT[page] ?? page, '..', path);
    if (!existsSync(file)) return [`${page}: there is no ${relative(ROOT, file)}`];
    if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith('.md')) return [];
    const text = path === '' ? markdown : readFileSync(file, 'utf8');
    return anchorsOf(text).has(anchor) ? [] : [`${page}: ${relative(ROOT, file)} has no heading #${anchor}`];
  });
}

describe('the links of every page', () => {
  test('lead to files and headings that are there', () => {
    expect(pages.length).toBeGreaterThan(50);
    expect(pages.flatMap((page) => brokenLinks(page, readFileSync(join(ROOT, page), 'utf8')))).toEqual([]);
  });

  test.each([
    ['[x](docs/nothing.md)', 'README.md: there is no docs/nothing.md'],
    ['[x](docs/errors.md#nothing)', 'README.md: docs/errors.md has no heading #nothing'],
    ['# Here\n[x](#there)', 'README.md: README.md has no heading #there'],
  ])('NEGATIVE CONTROL: %j is found', (markdown, problem) => {
    expect(brokenLinks('README.md', markdown)).toEqual([problem]);
  });

  test('may lead to the second heading of one name, and to other places', () => {
    expect(brokenLinks('README.md', '## A b\n## A `b`\n[x](#a-b-1) [y](https://example.org/#z)')).toEqual([]);
  });
});
