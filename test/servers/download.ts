import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lookUpBinary } from '../support/find-binary.ts';
import type { Source } from './catalogue.ts';

const run = promisify(execFile);

/** A mirror that hangs must not hang the run. */
const DOWNLOAD_WITHIN_MS = 10 * 60_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** A server that is not to be had on this machine. */
export class UnobtainableError extends Error {}

/**
 * Unpacks a server into an empty folder. Nothing is installed, no rights are needed, and packages come from where this
 * machine's own come from.
 *
 * @throws UnobtainableError that says why it is not to be had
 */
export async function download(source: Source, folder: string): Promise<void> {
  if (source.kind === 'debian') await fromDebian(source, folder);
  else if (source.kind === 'wheel') await fromPip(source, folder);
  else await fromMaven(source, folder);
}

async function fromDebian(
  { suites, packages }: Extract<Source, { kind: 'debian' }>,
  folder: string,
): Promise<void> {
  const apt = join(folder, '.apt');
  for (const path of ['etc/apt.conf.d', 'etc/preferences.d', 'state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(apt, path), { recursive: true });
  const mirror = debianMirror();
  const sources = suites.map((suite) => `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  writeFileSync(join(apt, 'etc/sources.list'), sources.join(''));
  // Nothing counts as installed, so libraries come along, the C library too.
  writeFileSync(join(apt, 'status'), '');
  const settings = {
    Dir: apt,
    'Dir::Etc': join(apt, 'etc'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(apt, 'state'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'APT::Sandbox::User': '',
    'APT::Install-Recommends': 'false',
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Languages': 'none',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
  writeFileSync(join(apt, 'apt.conf'), lines.join(''));
  const env = { ...process.env, APT_CONFIG: join(apt, 'apt.conf'), LC_ALL: 'C.UTF-8' };
  await call('apt-get', ['update', '-q'], env);
  const wanted = Object.entries(packages).map(([name, version]) => `${name}=${version}`);
  await call('apt-get', ['install', '--download-only', '-q', '-y', ...wanted], env);
  const archives = join(apt, 'cache/archives');
  for (const name of readdirSync(archives).filter((entry) => entry.endsWith('.deb')))
    await call('dpkg', ['-x', join(archives, name), folder]);
  rmSync(apt, { recursive: true });
}

/** Where this machine's own packages of Debian come from. */
function debianMirror(): string {
  if (!existsSync(KEYRING)) throw new UnobtainableError('this machine has no keyring of Debian');
  const parts = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(existsSync(parts) ? readdirSync(parts) : [])]
    .map((name) => (name.startsWith('/') ? name : join(parts, name)))
    .filter((path) => /\.(list|sources)$/.test(path) && existsSync(path));
  const words = files.flatMap((path) =>
    readFileSync(path, 'utf8')
      .replaceAll(/^\s*#.*/gm, '')
      .split(/\s+/),
  );
  const mirror = words.find((word) => /^https?:\/\/.*\/debian\/?$/.test(word));
  if (mirror === undefined) throw new UnobtainableError('this machine has no mirror of Debian');
  return mirror;
}

async function fromPip(source: Extract<Source, { kind: 'wheel' }>, folder: string): Promise<void> {
  const wheels = join(folder, '.wheels');
  const pinned = `${source.package}==${source.version}`;
  const flags = ['download', '-q', '--no-deps', '--only-binary', ':all:', '-d', wheels, pinned];
  await call('python3', ['-m', 'pip', ...flags]);
  for (const name of readdirSync(wheels))
    await call('python3', ['-m', 'zipfile', '-e', join(wheels, name), folder]);
  rmSync(wheels, { recursive: true });
}

async function fromMaven(source: Extract<Source, { kind: 'jar' }>, folder: string): Promise<void> {
  const { group, artifact, version } = source;
  const name = `-Dartifact=${group}:${artifact}:${version}`;
  const out = join(folder, '.jar');
  await call('mvn', ['-q', '-B', 'dependency:copy', name, `-DoutputDirectory=${out}`]);
  await call('python3', ['-m', 'zipfile', '-e', join(out, `${artifact}-${version}.jar`), folder]);
  rmSync(out, { recursive: true });
}

async function call(program: string, args: readonly string[], env = process.env): Promise<void> {
  if (lookUpBinary(program) === undefined) throw new UnobtainableError(`this machine has no ${program}`);
  const options = { env, timeout: DOWNLOAD_WITHIN_MS, maxBuffer: MAX_OUTPUT_BYTES };
  await run(program, [...args], options).catch(
    (error: { stdout?: string; stderr?: string; code?: unknown }) => {
      const lines = `${error.stdout ?? ''}\n${error.stderr ?? ''}`
        .split('\n')
        .filter((line) => line.trim() !== '');
      const why =
        lines.find((line) => /^E:|ERROR/.test(line)) ?? lines.at(-1) ?? `it ended with ${error.code}`;
      throw new UnobtainableError(`${program}: ${withoutHosts(why).slice(0, 200)}`);
    },
  );
}

/** What is written into the tree names no host. */
function withoutHosts(text: string): string {
  return text.replaceAll(/https?:\/\/\S+/g, '(address)');
}
