import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { publicSurface } from '../support/public-surface.ts';

const FILE = new URL('../../docs/public-surface.txt', import.meta.url);
const ACCEPT = 'LEAFCUTTER_SURFACE=accept npm run test:unit -- test/unit/public-surface.test.ts';

/** What to do about a change; empty if there is none. */
function advice(stated: readonly string[], real: readonly string[]): string {
  const without = (lines: readonly string[], others: readonly string[]) => {
    const known = new Set(others);
    return lines.filter((line) => !known.has(line));
  };
  const [gone, added] = [without(stated, real), without(real, stated)];
  if (gone.length + added.length === 0) return '';
  const rise =
    gone.length > 0
      ? 'The major version rises (before 1.0 the minor one): somebody may build on what is gone or different. CHANGELOG.md says what they do instead.'
      : 'The minor version rises (before 1.0 the patch): nobody can build on what is new yet.';
  const lines = [...gone.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
  return [rise, 'The rules: docs/public-surface.md. If it is meant:', `  ${ACCEPT}`, ...lines].join('\n');
}

test('the public surface is what docs/public-surface.txt states', async () => {
  const real = await publicSurface();
  if (process.env.LEAFCUTTER_SURFACE === 'accept') writeFileSync(FILE, `${real.join('\n')}\n`);
  expect(advice(readFileSync(FILE, 'utf8').replace(/\n$/, '').split('\n'), real)).toBe('');
});

test('every part of it is read', async () => {
  const parts = Map.groupBy(await publicSurface(), (line) => line.split(' ')[0]);
  expect(Object.fromEntries([...parts].map(([part, lines]) => [part, lines.length >= 5]))).toEqual(
    Object.fromEntries(
      ['client', 'command', 'error', 'exit', 'flag', 'grpc', 'http', 'metric', 'setting'].map((part) => [
        part,
        true,
      ]),
    ),
  );
});

test('a change says which part of the version rises', () => {
  expect(advice(['metric a', 'metric b'], ['metric a', 'metric b', 'metric c'])).toMatch(
    /^The minor version[\s\S]*\n\+ metric c$/,
  );
  expect(advice(['setting a; default 1'], ['setting a; default 2'])).toMatch(
    /^The major version[\s\S]*\n- setting a; default 1\n\+ setting a; default 2$/,
  );
});
