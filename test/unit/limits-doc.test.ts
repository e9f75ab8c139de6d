import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { agentEndpoints } from '@leafcutter/agent/doors/http/endpoints/all';
import { COORDINATOR_ENDPOINTS } from '@leafcutter/coordinator/http/endpoints/all';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/limits.md');

/** The cells of each row, without heads and rules. */
const rows = page
  .split('\n')
  .filter((line, at, lines) => line.startsWith('| ') && !lines[at + 1]?.startsWith('|---'))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
const subjects = new Set(
  rows.flatMap(([first = '']) => [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
);

const sources = ['agent', 'coordinator', 'shared'].flatMap((name) => {
  const folder = join('packages', name, 'src');
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => read(join(folder, file)));
});

/** What the first group of `pattern` that fits finds in a source. */
const namesIn = (file: string, pattern: RegExp) =>
  [...read(file).matchAll(pattern)].map(([, ...groups]) => groups.find((name) => name !== undefined) ?? '');

describe('docs/limits.md', () => {
  test.each([
    ['the coordinator’s addresses', COORDINATOR_ENDPOINTS.map(({ at }) => at)],
    ['the agent’s addresses', agentEndpoints(true).map(({ at }) => at)],
    ['gRPC’s calls', namesIn('packages/agent/proto/leafcutter/v1/id_service.proto', /^\s*rpc (\w+)/gm)],
    [
      'Redis’ commands',
      namesIn(
        'packages/agent/src/doors/resp/commands.ts',
        /^ {4}'?([a-z.]+)'?: \{$|^ {4}([a-z]+): \{ least/gm,
      ),
    ],
    ['Leaf’s addresses', namesIn('packages/agent/src/doors/leaf/routes.ts', /'(\/[\w/]+?)(?:\/:\w+)?'/g)],
    [
      'tinyid’s addresses',
      namesIn('packages/agent/src/doors/tinyid/routes.ts', /\badd\(\s*'(\w+)'/g).map(
        (name) => `/tinyid/id/${name}`,
      ),
    ],
    ['go-leaf’s addresses', namesIn('packages/agent/src/doors/go-leaf/routes.ts', /'(\/alloc-\w+)'/g)],
  ])('bounds all of %s', (_, names) => {
    expect(names.length).toBeGreaterThan(1);
    const isThere = (name: string) =>
      [...subjects].some(
        (subject = '') =>
          [subject, subject.replace(/^GET /, '')].includes(name) || subject.startsWith(`${name}/{`),
      );
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  test('leaves no cell empty', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter((cells) => cells.some((cell) => cell === ''))).toEqual([]);
  });

  test('names settings that there are', () => {
    const settings = [...page.matchAll(/`((?:[a-z]+\.)?[a-z]+[A-Z]\w*)`/g)].map(([, name = '']) => name);
    const known = read('docs/configuration.md');
    expect(settings.length).toBeGreaterThan(30);
    expect(settings.filter((name) => !known.includes(`\`${name}\``) && name !== 'maxmemory')).toEqual([]);
  });

  test('has the numbers of the sources', () => {
    const told = [...page.matchAll(/(\d[\d,]*)(?: [^|()`;.,]*)? \(`([A-Z_]+)`\)/g)];
    expect(told.length).toBeGreaterThan(20);
    const isSo = ([, number = '', name = '']: readonly string[]) => {
      const value = number.replaceAll(',', '_');
      return sources.some((source) => source.includes(`const ${name} = ${value};`));
    };
    expect(told.filter((each) => !isSo(each)).map(([text]) => text)).toEqual([]);
  });
});
