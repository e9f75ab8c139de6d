import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const PAGE = new URL('../../docs/safety.md', import.meta.url);
const page = readFileSync(PAGE, 'utf8');

interface Proof {
  readonly kind: string;
  readonly file: string;
  readonly title: string;
}

/** Links of the form `[test](file "title of the test")`. */
const proofs: Proof[] = [...page.matchAll(/\[(test|control)\]\(([^ )]+) "([^"]+)"\)/g)].map(
  ([, kind = '', file = '', title = '']) => ({ kind, file, title }),
);

/** What is wrong with a link; undefined where the file has a test of that title. */
function broken({ file, title }: Proof): string | undefined {
  const url = new URL(file, PAGE);
  if (!existsSync(url)) return `there is no ${file}`;
  return readFileSync(url, 'utf8').includes(title) ? undefined : `${file} has no test "${title}"`;
}

describe('docs/safety.md', () => {
  test('has a test for every claim, and each is there under its title', () => {
    expect(proofs.length).toBeGreaterThan(30);
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
