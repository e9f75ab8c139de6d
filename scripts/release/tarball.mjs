/** Archives whose bytes depend on nothing but what is in them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** @typedef {{ name: string, content: Buffer, mode: number }} Entry */

/** Files below a folder, links followed, as entries below `prefix`, sorted by name. `modeOf`: who may do what, by name. */
export function entriesOf(folder, prefix, modeOf = () => 0o644) {
  return filesBelow(folder)
    .map((path) => path.slice(folder.length + 1))
    .sort()
    .map((name) => ({ name: prefix + name, content: readFileSync(join(folder, name)), mode: modeOf(name) }));
}

/** The chart links to the files of deploy/prometheus and deploy/grafana. */
const filesBelow = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesBelow(join(path, name))) : [path];

/**
 * A gzipped tar (ustar) of files that belong to root.
 *
 * @param {readonly Entry[]} entries whose names end in `/` for folders
 * @param {number} time of all of them, in unix seconds
 */
export function tarball(entries, time) {
  const parts = entries.flatMap(({ name, content, mode }) => [
    header(name, content.length, mode, time),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

function header(name, size, mode, time) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, length) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const [prefix, base] = split(name);
  block.write(base, 0, 100, 'utf8');
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(time, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(name.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\u000000', 257, 'latin1');
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345, 155, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A long name is kept in two parts, parted at a slash. */
function split(name) {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  const at = name.indexOf('/', name.length - 101);
  if (at < 1 || at > 155) throw new Error(`${name} is too long a name for an archive`);
  return [name.slice(0, at), name.slice(at + 1)];
}
