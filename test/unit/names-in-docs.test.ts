import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['.', 'docs', 'docs/adr', 'deploy', 'packages/cli', 'packages/client', 'test'];

/** What fetches from a registry by our name, which is not ours there: a path or a version of a file begins otherwise. */
const BY_NAME =
  /\b(npx|bunx|(pnpm|yarn) dlx|npm exec|npm (install|i)|(pnpm|yarn|bun) add)\s+(-\S+\s+)*(@leafcutter\/\w+|leafcutter)\b/;

const pages = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
    .map((name) => join(folder, name)),
);

/** Commands of a page: its blocks of code. What sentences say against it may be said. */
function commands(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```\w*\n(.*?)^ *```/gms)].flatMap(([, block = '']) => block.split('\n'));
}

describe('a page', () => {
  test.each(pages)('%s runs nothing that a registry has under our name', (page) => {
    const lines = commands(readFileSync(join(ROOT, page), 'utf8'));
    expect(lines.filter((line) => BY_NAME.test(line))).toEqual([]);
  });

  test.each([
    'npx leafcutter tag list',
    'npx --yes leafcutter dev',
    'npm install --global leafcutter',
    'pnpm add @leafcutter/client',
  ])('NEGATIVE CONTROL: with `%s` is refused', (line) => {
    expect(commands(`\`\`\`sh\n${line}\n\`\`\`\n`).filter((command) => BY_NAME.test(command))).toEqual([
      line,
    ]);
  });

  test('may install a file', () => {
    expect(BY_NAME.test('npm install --global ./leafcutter-0.1.0.tgz')).toBe(false);
  });
});
