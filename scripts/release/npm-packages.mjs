/** The two packages for npm, as folders that can be packed. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { relink } from '../relink.mjs';
import { bundleProgram, OLDEST_NODE } from './bundle-program.mjs';
import { componentsOf } from './components.mjs';
import { unfit, writePapers } from './papers.mjs';

/**
 * Makes the folder of the package `leafcutter`: all of the program, and no dependencies.
 *
 * @returns {Promise<import('./components.mjs').Component[]>} what it is made of
 */
export async function programPackage({ root, version, commit, time }, folder, maps) {
  const lib = join(folder, 'lib');
  const modules = await bundleProgram(root, lib, { commit, maps });
  const named = JSON.parse(readFileSync(join(root, 'packages/console/dist/.modules.json'), 'utf8'));
  const ofPages = named.map((name) => (name.startsWith('\0') ? name : join(root, name)));
  const bundler = dirname(createRequire(join(root, 'package.json')).resolve('rolldown/package.json'));
  const components = componentsOf([...modules, ...ofPages], { root, bundler });
  const [bad] = unfit(components);
  if (bad !== undefined)
    throw new Error(`${bad.name} is under ${bad.license}, which we may not pass on like that`);

  const { description, license } = readManifest(join(root, 'package.json'));
  writeManifest(folder, {
    name: 'leafcutter',
    version,
    description,
    license,
    type: 'module',
    bin: { leafcutter: './bin/leafcutter.mjs' },
    engines: { node: `>=${OLDEST_NODE}` },
  });
  mkdirSync(join(folder, 'bin'));
  cpSync(join(root, 'packages/cli/bin/leafcutter.mjs'), join(folder, 'bin/leafcutter.mjs'));
  chmodSync(join(folder, 'bin/leafcutter.mjs'), 0o755);
  writePapers({ root, version, time }, components, folder);
  return components;
}

/** Makes the folder of `@leafcutter/client`, compiled and with its types. */
export function clientPackage({ root, version }, folder) {
  const source = join(root, 'packages/client');
  const tsc = join(root, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', source, '--outDir', join(folder, 'dist')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { description, license, type, engines, publishConfig, name } = readManifest(
    join(source, 'package.json'),
  );
  writeManifest(folder, {
    name,
    version,
    description,
    license,
    type,
    engines,
    exports: publishConfig.exports,
  });
  const readme = readFileSync(join(source, 'README.md'), 'utf8');
  writeFileSync(
    join(folder, 'README.md'),
    relink(readme, () => undefined),
  );
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function readManifest(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeManifest(folder, manifest) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
