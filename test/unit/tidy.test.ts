import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_LINES = 500;

/** Nothing but main.ts knows the process; everyone else is given what they need of it. */
const EDGE = 'packages/cli/src/main.ts';

/**
 * A number of milliseconds as the last argument of a test, a hook or a wait, or as the option that ends a child or a
 * call.
 */
const OWN_PATIENCE =
  /\bjest\.setTimeout\b|^\s*\}, [\d_]{4,}\);$|^\s*[\d_]{4,},\n\s*\);$|\bpoll\([^;]*, \d+_\d{3}(?:, \d+)?,?\s*\)|\btimeout(?:: |\()[\d_]{4,}/m;

/** TypeScript does not look for misspelt keys in a literal that is spread, and such a spread says nothing else. */
const SPREAD_LITERAL = /\.\.\.\(?\s*\{.*/;

interface SourceFile {
  readonly path: string;
  readonly lines: number;
  /** Without comments, which may talk about anything. */
  readonly code: string;
}

function filesBelow(folder: string, kind = /\.tsx?$/): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kind.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const code = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
      return { path: relative(ROOT, file), lines: text.trimEnd().split('\n').length, code };
    });
}

const packages = readdirSync(join(ROOT, 'packages'));
const sources = packages
  .flatMap((name) => filesBelow(`packages/${name}/src`))
  // Named and written by a tool.
  .filter(({ path }) => !path.includes('/src/generated/'));
const tests = [...sources.filter(({ path }) => path.endsWith('.test.ts')), ...filesBelow('test')];
const production = sources.filter(({ path }) => !path.endsWith('.test.ts') && !path.includes('/fakes/'));
const domain = production.filter(({ path }) => /^packages\/[^/]+\/src\/domain\//.test(path));

/** Paths of the files whose code has something that matches, with what it is. */
function offenders(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) => {
    const found = pattern.exec(code);
    return found === null ? [] : [`${path}: ${found[0].trim()}`];
  });
}

/** The client stands alone, so it repeats a type of `shared` with the same meaning. */
const REPEATED = ['SnowflakeParts'];

/** Names of exported types that stand in more than one file. */
function repeatedTypes(files: readonly Pick<SourceFile, 'code'>[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { code } of files)
    for (const [, name = ''] of code.matchAll(/^export (?:abstract )?(?:type|interface|class) (\w+)/gm))
      (seen.has(name) ? repeated : seen).add(name);
  return [...repeated];
}

/** The comments of a source that name a store; texts for operators may. */
function namedStores(text: string): string[] {
  const comments = text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm) ?? [];
  return comments.filter((comment) => /Redis|MySQL/.test(comment));
}

describe('the sources', () => {
  test('are found', () => {
    expect(domain.length).toBeGreaterThan(20);
    expect(production.length).toBeGreaterThan(80);
    expect(tests.length).toBeGreaterThan(30);
  });

  test(`have at most ${MAX_LINES} lines a file`, () => {
    const long = sources.filter(({ lines }) => lines > MAX_LINES);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  test('know the process in main.ts only', () => {
    expect(
      offenders(
        production.filter(({ path }) => path !== EDGE),
        /\bprocess\.\w+|node:process/,
      ),
    ).toEqual([]);
    expect(
      offenders(
        production.filter(({ path }) => path === EDGE),
        /\bprocess\.\w+/,
      ),
    ).toHaveLength(1);
  });

  test('require node:http, since an import of it loads megabytes more', () => {
    const services = production.filter(({ path }) => /^packages\/(agent|coordinator|shared)\//.test(path));
    const valueImport = /^import (?!type)[^;]* from 'node:https?';/m;
    expect(offenders(services, valueImport)).toEqual([]);
    expect(valueImport.test("import {\n  createServer,\n  type Server } from 'node:http';")).toBe(true);
    expect(valueImport.test("import type { Server } from 'node:http';")).toBe(false);
  });

  test('take time from a clock in domain folders', () => {
    const world = /\bDate\.now|\bnew Date\(\)|\bset(Timeout|Interval|Immediate)\b|\bperformance\.now/;
    expect(offenders(domain, world)).toEqual([]);
  });

  test('give each exported type a name of its own', () => {
    expect(repeatedTypes(sources)).toEqual(REPEATED);
    const lease = { code: 'export interface Lease {}' };
    expect(repeatedTypes([lease, { code: 'interface Range {}\nexport class Lease {}' }])).toEqual(['Lease']);
  });

  test('name no store in the comments of a domain', () => {
    const texts = domain.map(({ path }) => readFileSync(join(ROOT, path), 'utf8'));
    expect(texts.flatMap(namedStores)).toEqual([]);
    expect(namedStores("/** Raises it\n * in Redis. */\nfail('Redis is away'); // MySQL")).toHaveLength(2);
  });

  test('have no default exports, no console and no switched-off type checks', () => {
    expect(offenders([...sources, ...tests], /^export default\b|\bas default\b/m)).toEqual([]);
    expect(offenders(sources, /\bconsole\.\w+/)).toEqual([]);
    const unchecked = [...sources, ...tests].map(({ path }) => ({
      path,
      text: readFileSync(join(ROOT, path), 'utf8'),
    }));
    expect(unchecked.filter(({ text }) => /@ts-(ignore|nocheck)/.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });

  test('run all of their tests', () => {
    // A test on real servers may say that it could not run; one beside its source can always run.
    expect(
      offenders(sources, /\b(describe|test|it)\.(only|skip|todo|failing)\b|\b[fx](describe|test|it)\(/),
    ).toEqual([]);
    expect(offenders(tests, /\b(describe|test|it)\.(only|todo)\b/)).toEqual([]);
  });

  test('on real servers have one place for how long something may take: test/support/patience.ts', () => {
    const onServers = tests.filter(({ path }) =>
      /^test\/(contract|integration|fault|containers|simulation)\//.test(path),
    );
    expect(onServers.length).toBeGreaterThan(80);
    expect(offenders(onServers, OWN_PATIENCE)).toEqual([]);
  });

  test.each([
    'jest.setTimeout(60_000);',
    'beforeAll(async () => {\n  await begin();\n}, 5_000);',
    "test(\n  'works',\n  () => works(),\n  60_000,\n);",
    'expect(await poll(async () => (await up()) === true, 20_000, 50)).toBe(true);',
    'fetch(url, { signal: AbortSignal.timeout(2_000) })',
    "await run('curl', [url], { timeout: 10_000 });",
  ])('on real servers that had their own patience would be found: %j', (code) => {
    expect(offenders([{ path: 'x', lines: 1, code }], OWN_PATIENCE)).toHaveLength(1);
  });

  test('spread no object literal into another: its keys stand in the outer one', () => {
    const scripts = filesBelow('scripts', /\.mjs$/);
    expect(scripts.length).toBeGreaterThan(5);
    // This file quotes what it looks for.
    const written = [...sources, ...tests, ...scripts].filter(
      ({ path }) => path !== 'test/unit/tidy.test.ts',
    );
    expect(offenders(written, SPREAD_LITERAL)).toEqual([]);
  });

  test.each([
    "openDoor({\n  ...{ clock, secton: 'tls' },\n  files,\n});",
    'return { ...({ secton: 1 } as const) };',
  ])('with a spread literal, whose misspelt keys tsc passes, would be found: %j', (code) => {
    expect(offenders([{ path: 'x', lines: 1, code }], SPREAD_LITERAL)).toHaveLength(1);
  });

  test('may spread what is there on a condition only', () => {
    const code = '{ ...(nextHere === undefined ? {} : { nextHere }), ...shared }';
    expect(offenders([{ path: 'x', lines: 1, code }], SPREAD_LITERAL)).toEqual([]);
  });

  test('have names in kebab-case', () => {
    const names = [...sources, ...tests].filter(
      ({ path }) => !/^[a-z0-9]+([.-][a-z0-9]+)*\.tsx?$/.test(path.split('/').at(-1) ?? ''),
    );
    expect(names.map(({ path }) => path)).toEqual([]);
  });
});

describe('the version', () => {
  const manifests = [
    'package.json',
    'test/package.json',
    ...packages.map((name) => `packages/${name}/package.json`),
  ];

  test.each(manifests)('of %s is that of version.ts', (file) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { version: string };
    expect(version).toBe(VERSION);
  });
});
