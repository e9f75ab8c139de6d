import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const { sitePage, sitePages } = (await import('../../scripts/build-site.mjs' as string)) as {
  sitePage(page: string, markdown: string, pages: readonly string[]): string;
  sitePages(root: string): string[];
};

/** The sidebar's links, without loading what draws it. */
async function sidebarLinks(): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const config = await readFile(new URL('../../site/config.mjs', import.meta.url), 'utf8');
  const named = [...config.matchAll(/(?:'[^']+'|\b\w+): '([a-z-]+)'[,}\s]/g)].map(
    ([, name]) => `docs/${name}.md`,
  );
  return named.filter((page) => !['docs/module.md', 'docs/local.md'].includes(page));
}

describe('the site of the documents', () => {
  const pages = sitePages(ROOT);

  test('has every page of docs, and leads to all but the lists of releases', async () => {
    const linked = await sidebarLinks();
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
