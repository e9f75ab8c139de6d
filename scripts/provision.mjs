import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { provideHelm } from './helm.mjs';

/** Debian puts daemons into directories that are not on an ordinary user's PATH. */
const DAEMON_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/bin'];

/** A package counts as installed if the files that the tests use are there, wherever they came from. */
const PACKAGES = [
  { name: 'redis-server', isThere: () => hasProgram('redis-server') },
  { name: 'redis-tools', isThere: () => hasProgram('redis-cli') && hasProgram('redis-benchmark') },
  { name: 'wrk', isThere: () => hasProgram('wrk') },
  { name: 'apache2-utils', isThere: () => hasProgram('ab') },
  { name: 'openssl', isThere: () => hasProgram('openssl') },
  { name: 'curl', isThere: () => hasProgram('curl') },
  { name: 'mariadb-server', isThere: () => hasProgram('mariadbd') && hasProgram('mariadb-install-db') },
  { name: 'libfaketime', isThere: () => hasLibrary('faketime/libfaketimeMT.so.1') },
  { name: 'docker.io', isThere: () => hasProgram('docker') && hasProgram('dockerd') },
  { name: 'chromium', isThere: () => hasProgram('chromium') },
  { name: 'prometheus', isThere: () => hasProgram('prometheus') && hasProgram('promtool') },
  { name: 'systemd', isThere: () => hasProgram('systemd-analyze') },
  { name: 'iproute2', isThere: () => hasProgram('ip') },
  { name: 'util-linux', isThere: () => hasProgram('setpriv') },
  { name: 'busybox-static', isThere: () => hasProgram('busybox') },
];

/** What the benchmarks measure beside besides. */
const FOR_BENCH = [{ name: 'nginx-light', isThere: () => hasProgram('nginx') }];

/** Debian asks this before it starts a service; the answer is that it must not. */
const POLICY = '/usr/sbin/policy-rc.d';
const NO_SERVICES =
  '#!/bin/sh\n# Leafcutter installs programs for its tests, which start their own.\nexit 101\n';

/** Installing these packages takes under a minute. A mirror that hangs must not hang the tests for ever. */
const APT_WITHIN_MS = 10 * 60_000;

/**
 * @typedef {object} Provision
 * @property {string[]} missing Debian packages that are not there and could not be installed
 * @property {string | undefined} problem why, and what to do, in a sentence; undefined when nothing is missing
 */

/**
 * Makes sure that the servers and tools of the integration tests are installed. On a Debian-like machine, and as
 * root, it installs what is missing. It never throws because a package is missing: the caller decides what is skipped
 * or fails. Helm comes from elsewhere: if it does not, the tests that need it say so.
 *
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] is told what is being done and how long it took
 * @param {boolean} [options.forBench] also what only the benchmarks need
 * @returns {Promise<Provision>}
 */
export async function provision({ log = () => {}, forBench = false } = {}) {
  const packages = forBench ? [...PACKAGES, ...FOR_BENCH] : PACKAGES;
  const [provided] = await Promise.all([provisionDebian(packages, log), provideHelm(log)]);
  return provided;
}

async function provisionDebian(packages, log) {
  const wanted = missing(packages);
  if (wanted.length === 0) return { missing: [], problem: undefined };
  const obstacle = whyNotInstallable();
  if (obstacle !== undefined) return { missing: wanted, problem: sentence(wanted, obstacle) };

  const failure =
    (await apt('Updating the package lists', ['update', '-q'], log)) ??
    (await withoutServices(() =>
      apt(
        `Installing ${wanted.join(', ')}`,
        ['install', '-q', '-y', '--no-install-recommends', ...wanted],
        log,
      ),
    ));
  const still = missing(packages);
  if (still.length === 0) return { missing: still, problem: undefined };
  return {
    missing: still,
    problem: sentence(still, failure ?? 'apt-get reported success, yet they are not found'),
  };
}

function missing(packages) {
  return packages.filter(({ isThere }) => !isThere()).map(({ name }) => name);
}

function whyNotInstallable() {
  if (!existsSync('/usr/bin/apt-get')) return 'this machine has no apt-get';
  if (process.getuid?.() !== 0) return 'only root may install packages';
  return undefined;
}

function sentence(packages, reason) {
  const list = packages.join(' ');
  return `Missing for the tests on real servers: ${list} (${reason}). Install with: sudo apt-get install --no-install-recommends ${list}`;
}

/** Otherwise the installed databases would run from then on. A policy of the machine's own stays as it is. */
async function withoutServices(install) {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8') !== NO_SERVICES) return install();
  writeFileSync(POLICY, NO_SERVICES, { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(POLICY);
  }
}

/** Returns what went wrong, or undefined. */
async function apt(title, args, log) {
  log(`${title} …`);
  const begin = performance.now();
  const problem = await run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args]);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  log(
    problem === undefined
      ? `${title}: done in ${seconds} s`
      : `${title}: failed after ${seconds} s, ${problem}`,
  );
  return problem;
}

/** Returns undefined on success, else the last line that tells why. */
function run(command, args) {
  return new Promise((resolve) => {
    // No terminal and no questions: a package that asks one would wait for ever.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
    // A run that ends or is interrupted kills every process with its mark, which is TMPDIR. dpkg must not be killed
    // half-way.
    delete env.TMPDIR;
    const options = { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: APT_WITHIN_MS, detached: true };
    const child = spawn(command, args, options);
    let output = '';
    const keepTail = (chunk) => {
      output = (output + chunk).slice(-4_000);
    };
    child.stdout.on('data', keepTail);
    child.stderr.on('data', keepTail);
    child.once('error', (error) => resolve(String(error)));
    child.once('close', (code, signal) => {
      const lines = output.trim().split('\n');
      const last = lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1);
      resolve(code === 0 ? undefined : `${command} ${args.at(2)} ended with ${code ?? signal}: ${last}`);
    });
  });
}

function hasProgram(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...DAEMON_DIRECTORIES];
  return directories.some((directory) => isExecutable(join(directory, name)));
}

/** Libraries live below a directory named after the architecture. */
function hasLibrary(name) {
  const directories = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').filter((entry) => entry.includes('-linux-'))
    : [];
  return ['.', ...directories].some((directory) => existsSync(join('/usr/lib', directory, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
