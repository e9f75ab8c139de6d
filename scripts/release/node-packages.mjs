/** The Node within the executables: npm's packages of its official builds, each known by its bytes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NODE = '26.10.0';
const INTEGRITY = {
  x64: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  arm64: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
};

/** @typedef {keyof typeof INTEGRITY} Arch */

/**
 * Fetches Node's package for an architecture, unless the tests have it already.
 *
 * @param {string} root folder of the repository
 * @param {Arch} arch
 * @param {string} work a folder that it may fill
 * @returns {string} the package's folder
 */
export function nodePackage(root, arch, work) {
  const ofTests = join(root, 'test/node_modules/node-26');
  if (arch === process.arch && versionIn(ofTests) === NODE) return ofTests;
  const folder = join(work, `node-${arch}`);
  mkdirSync(folder, { recursive: true });
  const spec = `node-linux-${arch}@${NODE}`;
  const flags = ['--pack-destination', folder, '--loglevel=error'];
  const name = execFileSync('npm', ['pack', spec, ...flags], { encoding: 'utf8' }).trim();
  const bytes = readFileSync(join(folder, name));
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (integrity !== INTEGRITY[arch]) throw new Error(`${spec} is another than it was: ${integrity}`);
  const wanted = ['package.json', 'LICENSE', 'bin/node'].map((file) => `package/${file}`);
  execFileSync('tar', ['-xzf', join(folder, name), '-C', folder, ...wanted]);
  return join(folder, 'package');
}

function versionIn(folder) {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}
