import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

interface Proof {
  readonly kind: string;
  readonly file: string;
  readonly title: string;
}

describe.each([
  ['safety.md', 30],
  ['threat-model.md', 20],
  ['changing-the-layout.md', 20],
])('docs/%s', (name, least) => {
  const url = new URL(`../../docs/${name}`, import.meta.url);
  const page = readFileSync(url, 'utf8');
  /** Links of the form `[test](file "title of the test")`. */
  const proofs: Proof[] = [...page.matchAll(/\[(test|control)\]\(([^ )]+) "([^"]+)"\)/g)].map(
    ([, kind = '', file = '', title = '']) => ({ kind, file, title }),
  );

  /** What is wrong with a link; undefined if the file has a test of that title. */
  function broken({ file, title }: Proof): string | undefined {
    const target = new URL(file, url);
    if (!existsSync(target)) return `there is no ${file}`;
    return readFileSync(target, 'utf8').includes(title) ? undefined : `${file} has no test "${title}"`;
  }

  test('has a test for every claim, and each is there under its title', () => {
    expect(proofs.length).toBeGreaterThan(least);
    expect(proofs.flatMap((proof) => broken(proof) ?? [])).toEqual([]);
  });

  test('NEGATIVE CONTROL: a title that no test has is found', () => {
    const [proof] = proofs;
    expect(proof && broken({ ...proof, title: 'no such test' })).toContain('has no test');
    expect(proof && broken({ ...proof, file: '../no/such.test.ts' })).toContain('there is no');
  });

  test('links to no test without naming it', () => {
    expect([...page.matchAll(/\[(test|control)\]\([^")]*\)/g)].map(([link]) => link)).toEqual([]);
  });
});
