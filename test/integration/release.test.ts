import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';
import { debianPackage } from '../../scripts/release/debian-package.mjs';
import { testWith } from '../support/deploy.ts';
import { emptyRoot } from '../support/empty-root.ts';
import { findBinary } from '../support/find-binary.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { tryDev } from '../support/try-dev.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The oldest that is meant, and the one before the present one; binaries for Linux on x64, so they may be missing. */
const OLDER_NODES = ['22', '24'].map((major) => ({
  major,
  node: join(ROOT, `test/node_modules/node-${major}/bin/node`),
}));
/** A second release, the maps and the compiler take as long as all the rest; they break when the bundler or the client change. */
const full = process.env.LEAFCUTTER_FULL === '1';
const inFull = full ? test : test.skip;

let made: string;
let maps: string;
/** Where npm put the program. */
let installed: string;

beforeAll(async () => {
  const folder = await scratchDir('release');
  [made, maps] = [join(folder, 'made'), join(folder, 'maps')];
  await makeRelease(made, ...(full ? ['--maps', maps] : ['--npm-only']));
  installed = join(await install(`leafcutter-${VERSION}.tgz`), 'leafcutter');
});

async function makeRelease(out: string, ...more: string[]): Promise<void> {
  await run(process.execPath, ['scripts/tasks.mjs', 'release', '--out', out, ...more], { cwd: ROOT });
}

/** Installs a tarball into an empty folder, as a user does; nothing else is to be fetched. */
async function install(tarball: string): Promise<string> {
  const folder = await scratchDir('install');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  await run(findBinary('npm', 'npm'), ['install', ...quiet, '--prefix', folder, join(made, tarball)], {
    cwd: folder,
  });
  return join(folder, 'node_modules');
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const deadLinks = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)\s"#]+)/g)]
    .map(([, path = '']) => join(page, '..', path))
    .filter((file) => !existsSync(file));
const bin = () => join(installed, 'bin/leafcutter.mjs');

describe('the package for npm', () => {
  test('is small, and brings nothing along', () => {
    const files = filesOf(installed);
    const bytes = files.reduce(
      (sum, { parentPath, name }) => sum + readFileSync(join(parentPath, name)).length,
      0,
    );
    process.stdout.write(`installed: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
    expect(files.length).toBeLessThanOrEqual(60);
    expect(bytes).toBeLessThan(12e6);
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ version: VERSION, bin: { leafcutter: './bin/leafcutter.mjs' } });
    expect(manifest.dependencies).toBeUndefined();
  });

  test('names no file of the machine that made it', () => {
    const telling = filesOf(installed).filter(({ parentPath, name }) =>
      readFileSync(join(parentPath, name), 'latin1').includes(ROOT),
    );
    expect(telling.map(({ name }) => name)).toEqual([]);
  });

  test('tells its version and its commit', async () => {
    const { stdout } = await run(process.execPath, [bin(), '-v']);
    expect(stdout).toMatch(new RegExp(`^leafcutter ${VERSION} \\(commit [0-9a-f]{12}.*, Node \\d+`));
  });

  test('says in a sentence that a Node is too old', async () => {
    const old = join(await scratchDir('old-node'), 'old.mjs');
    writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } });");
    const started = run(process.execPath, ['--import', old, bin(), 'version']);
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Leafcutter needs Node 22\.19 or newer; this is 20\.20\.2\. Install a newer one, .*\.\n$/,
      ),
    });
  });

  test('gives an ID over each door, each once, and stops when it is asked to', async () => {
    await tryDev([process.execPath, bin()]);
  });

  for (const { major, node } of OLDER_NODES)
    testWith(`Node ${major}`, existsSync(node) ? node : undefined, `does so on Node ${major}`, async (it) => {
      await tryDev([it, bin()]);
    });
});

describe('the image', () => {
  test('is built of the program alone', async () => {
    const context = await scratchDir('context');
    await run('tar', ['-xzf', join(made, `leafcutter-image-${VERSION}.tgz`), '-C', context]);
    const steps = readFileSync(join(context, 'Dockerfile'), 'utf8');
    expect(steps).toMatch(/^FROM /m);
    expect(steps).not.toContain('--from');
    for (const [, source = ''] of steps.matchAll(/^COPY (\S+)/gm))
      expect([source, existsSync(join(context, source))]).toEqual([source, true]);
    const { stdout } = await run(process.execPath, [join(context, 'program/bin/leafcutter.mjs'), 'version']);
    expect(stdout).toContain(VERSION);
  });
});

describe('the executable', () => {
  inFull('runs where there is nothing but the libraries that it names', async () => {
    const folder = await scratchDir('executable');
    await run('tar', ['-xzf', join(made, `leafcutter-${VERSION}-linux-x64.tar.gz`), '-C', folder]);
    const executable = join(folder, `leafcutter-${VERSION}-linux-x64/leafcutter`);
    const { line, data } = await emptyRoot(join(folder, 'root'), executable);
    await tryDev(line, { data });
  });
});

describe('the package for Debian', () => {
  let deb: string;
  // What it holds does not hang on the executable, which takes minutes to make.
  beforeAll(async () => {
    const folder = await scratchDir('deb');
    const [executable, papers] = [join(folder, 'executable'), join(folder, 'papers')];
    writeFileSync(executable, 'no program');
    mkdirSync(papers);
    deb = join(folder, 'leafcutter.deb');
    const of = { root: ROOT, version: VERSION, time: 1_800_000_000 };
    writeFileSync(deb, debianPackage(of, { arch: 'x64', executable, papers }));
  });

  test('holds the program, both units and their settings', async () => {
    const { stdout } = await run('dpkg-deb', ['--contents', deb]);
    expect(stdout).toMatch(/^-rwxr-xr-x root\/root .* \.\/usr\/bin\/leafcutter$/m);
    for (const role of ['agent', 'coordinator']) {
      expect(stdout).toContain(` ./usr/lib/systemd/system/leafcutter-${role}.service\n`);
      expect(stdout).toContain(` ./etc/leafcutter/${role}.env\n`);
    }
    expect(stdout).toMatch(/^drwx------ root\/root .* \.\/etc\/leafcutter\/$/m);
    const { stdout: fields } = await run('dpkg-deb', ['--field', deb]);
    expect(fields).toContain(`Version: ${VERSION}\nArchitecture: amd64\n`);
  });

  test('has the sums of its files, and scripts that a shell can read', async () => {
    const folder = await scratchDir('deb');
    await run('dpkg-deb', ['--raw-extract', deb, folder]);
    await run('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], { cwd: folder });
    for (const script of ['postinst', 'prerm', 'postrm'])
      await run('sh', ['-n', join(folder, 'DEBIAN', script)]);
    expect(readFileSync(join(folder, 'DEBIAN/conffiles'), 'utf8')).toBe(
      '/etc/leafcutter/agent.env\n/etc/leafcutter/coordinator.env\n',
    );
  });
});

describe('the papers', () => {
  inFull('name every package that is in the program', () => {
    const { components } = JSON.parse(readFileSync(join(installed, 'sbom.cdx.json'), 'utf8')) as {
      components: { name: string; version: string }[];
    };
    const named = new Set(components.map(({ name, version }) => `${name}@${version}`));
    // The papers tell what the bundler said it took; the source maps tell it once more, line by line.
    const sources = filesOf(maps).flatMap(
      ({ parentPath, name }) => JSON.parse(readFileSync(join(parentPath, name), 'utf8')).sources as string[],
    );
    const held = sources.flatMap((source) => {
      const [, name = '', version = ''] = /\.pnpm\/([^/]+?)@(\d[^_/]*)[^/]*\//.exec(source) ?? [];
      return name === '' ? [] : [`${name.replace('+', '/')}@${version}`];
    });
    expect(held.length).toBeGreaterThan(100);
    expect([...new Set(held)].filter((one) => !named.has(one))).toEqual([]);
    const notices = readFileSync(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const { name, version } of components) expect(notices).toContain(`${name} ${version} (`);
  });

  test('link to nothing that the package lacks', () => {
    const pages = filesOf(installed).filter(({ name }) => name.endsWith('.md'));
    expect(pages.length).toBeGreaterThan(20);
    expect(pages.flatMap(({ parentPath, name }) => deadLinks(join(parentPath, name)))).toEqual([]);
  });

  test('have the sums of all files', async () => {
    await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: made });
    expect(readFileSync(join(made, 'SHA256SUMS'), 'utf8').trim().split('\n')).toHaveLength(full ? 9 : 5);
  });

  inFull('and the executables do not tell in which folder they were made', () => {
    const archives = readdirSync(made).filter((name) => name.endsWith('.gz'));
    expect(archives).toHaveLength(2);
    const telling = archives.filter((name) => gunzipSync(readFileSync(join(made, name))).includes(ROOT));
    expect(telling).toEqual([]);
  });

  inFull('and all the rest have the same bytes when they are made again', async () => {
    const again = join(await scratchDir('again'), 'made');
    await makeRelease(again);
    const sums = (folder: string) => readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
    expect(sums(again)).toBe(sums(made));
  });
});

describe('the client as it is installed', () => {
  let program: string;
  beforeAll(async () => {
    const modules = await install(`leafcutter-client-${VERSION}.tgz`);
    program = join(modules, '../program.mts');
    writeFileSync(
      program,
      // Without types, so that any Node of ours runs it.
      `import { connect, IdError } from '@leafcutter/client';
       const failure = await connect({ endpoint: 'http://127.0.0.1:9', tag: 'demo' }).catch((e) => e);
       process.stdout.write(failure instanceof IdError ? failure.code : String(failure));`,
    );
  });

  test('has a page whose links lead somewhere', () => {
    expect(deadLinks(join(program, '../node_modules/@leafcutter/client/README.md'))).toEqual([]);
  });

  test('runs', async () => {
    const { stdout } = await run(process.execPath, [program]);
    expect(stdout).toBe('AGENT_UNAVAILABLE');
  });

  inFull('fits its types', async () => {
    const flags = [
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--strict',
      '--skipLibCheck',
      'false',
    ];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    // Beside a tsconfig.json, tsc takes no files.
    const cwd = join(program, '..');
    await run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...types, program], { cwd });
  });
});
