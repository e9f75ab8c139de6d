/** `npm run release`: all that is published of a version. What it writes depends on the commit alone. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildConsole } from '../build-console.mjs';
import { component } from './components.mjs';
import { DEBIAN_ARCHITECTURES, debianPackage } from './debian-package.mjs';
import { executables } from './executable.mjs';
import { imageContext } from './image-context.mjs';
import { clientPackage, programPackage } from './npm-packages.mjs';
import { writePapers } from './papers.mjs';
import { entriesOf, tarball } from './tarball.mjs';

/**
 * Makes the release of what is checked out.
 *
 * @param {string} root folder of the repository
 * @param {string} out where it goes; it is emptied first
 * @param {object} [options]
 * @param {string} [options.maps] where source maps go, if anybody wants them
 * @param {readonly import('./node-packages.mjs').Arch[]} [options.archs] for which there are executables
 * @returns {Promise<string[]>} the names of its files
 */
export async function release(root, out, { maps, archs = ['x64', 'arm64'] } = {}) {
  // Pages of an earlier commit would be taken as they are.
  const unbuilt = buildConsole(process.execPath);
  if (unbuilt !== undefined) throw new Error(unbuilt);
  const of = { root, ...versionOf(root) };
  const work = mkdtempSync(join(tmpdir(), 'leafcutter-release-'));
  try {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const pack = (name, entries) => writeFileSync(join(out, name), tarball(entries, of.time));

    const program = join(work, 'program');
    const components = await programPackage(of, program, maps);
    const mode = (name) => (name.startsWith('bin/') ? 0o755 : 0o644);
    pack(`leafcutter-${of.version}.tgz`, entriesOf(program, 'package/', mode));
    pack(`leafcutter-image-${of.version}.tgz`, imageContext(of, program));
    cpSync(join(program, 'sbom.cdx.json'), join(out, `leafcutter-${of.version}.cdx.json`));

    clientPackage(of, join(work, 'client'));
    pack(`leafcutter-client-${of.version}.tgz`, entriesOf(join(work, 'client'), 'package/'));
    pack(
      `leafcutter-chart-${of.version}.tgz`,
      entriesOf(join(root, 'deploy/helm/leafcutter'), 'leafcutter/'),
    );
    for (const made of await executables(of, work, archs)) {
      const name = `leafcutter-${of.version}-linux-${made.arch}`;
      const papers = join(work, name);
      writePapers(of, [...components, component(made.node)], papers);
      const executable = { name: `${name}/leafcutter`, content: readFileSync(made.file), mode: 0o755 };
      pack(`${name}.tar.gz`, [executable, ...entriesOf(papers, `${name}/`)]);
      const debian = `leafcutter_${of.version}_${DEBIAN_ARCHITECTURES[made.arch]}.deb`;
      const parts = { arch: made.arch, executable: made.file, papers };
      writeFileSync(join(out, debian), debianPackage(of, parts));
    }
    return sum(out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What is released, and when it was written: of the commit, so that two runs agree. */
function versionOf(root) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const changed = git('status', '--porcelain') === '' ? '' : ' with changes';
  return {
    version,
    commit: git('rev-parse', '--short=12', 'HEAD') + changed,
    time: Number(git('log', '-1', '--format=%ct')),
  };
}

/** Writes what `sha256sum --check` reads. */
function sum(out) {
  const names = readdirSync(out).sort();
  const lines = names.map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex')}  ${name}\n`,
  );
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''));
  return [...names, 'SHA256SUMS'];
}
