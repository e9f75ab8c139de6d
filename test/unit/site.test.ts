import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { sitePage, sitePages } from '../../scripts/build-site.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The sidebar's links to `docs/`, without loading what draws it. */
function sidebarLinks(): string[] {
  const config = readFileSync(new URL('../../site/config.mjs', import.meta.url), 'utf8');
  const lists = [...config.matchAll(/\bdocs\(\{(.*?)\}\)/gs)].map(([, list = '']) => list);
  return lists.flatMap((list) => [...list.matchAll(/: '([a-z-]+)'/g)].map(([, name]) => `docs/${name}.md`));
}

describe('the site of the documents', () => {
  const pages = sitePages(ROOT);

  test('has every page of docs, and leads to all but what maintainers read', () => {
    const linked = sidebarLinks();
    expect(linked.filter((page) => !pages.includes(page))).toEqual([]);
    const docs = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page));
    expect(docs.filter((page) => !linked.includes(page))).toEqual(['docs/releasing.md']);
  });

  test('links to its pages, and makes text of links to sources', () => {
    const page = (markdown: string) => sitePage('docs/a.md', markdown, ['README.md', 'docs/b.md']);
    expect(page('[b](b.md#c) [home](../README.md)')).toBe('[b](b.md#c) [home](../index.md)');
    expect(page('[test](../test/x.test.ts "it (really) works") done')).toBe('test done');
    expect(page('![picture](images/x.png) [out](https://example.org)')).toBe(
      '![picture](images/x.png) [out](https://example.org)',
    );
  });

  test('leaves code alone', () => {
    const code = '```sh\n[ -f x ](y.ts)\n```\n`[a](b.ts)`\n';
    expect(sitePage('docs/a.md', code, [])).toBe(code);
  });
});
