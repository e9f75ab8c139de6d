/** The package for Debian and its kin: the executable, its papers, and both services. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, tarball } from './tarball.mjs';

/** As Debian names what Node calls by another name. */
export const DEBIAN_ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const DOCS = 'usr/share/doc/leafcutter/';

/**
 * @param {{ root: string, version: string, time: number }} of
 * @param {object} parts
 * @param {keyof typeof DEBIAN_ARCHITECTURES} parts.arch
 * @param {string} parts.executable
 * @param {string} parts.papers the folder of what goes with it: licences, bill of materials, pages
 * @returns {Buffer} the package
 */
export function debianPackage({ root, version, time }, { arch, executable, papers }) {
  const deploy = (file) => readFileSync(join(root, 'deploy', file));
  const unit = (role) =>
    file(`usr/lib/systemd/system/leafcutter-${role}.service`, deploy(`systemd/leafcutter-${role}.service`));
  const settings = ['agent', 'coordinator'].map((role) =>
    file(`etc/leafcutter/${role}.env`, deploy(`systemd/${role}.env`)),
  );
  const files = [
    ...settings,
    { ...file('usr/bin/leafcutter', readFileSync(executable)), mode: 0o755 },
    unit('agent'),
    unit('coordinator'),
    file('usr/lib/sysusers.d/leafcutter.conf', deploy('systemd/leafcutter.conf')),
    ...entriesOf(papers, DOCS),
    file(`${DOCS}copyright`, readFileSync(join(root, 'LICENSE'))),
    ...entriesOf(join(root, 'packages/agent/proto'), 'usr/share/leafcutter/proto/'),
  ];
  const control = deploy('debian/control')
    .toString()
    .replace('@VERSION@', version)
    .replace('@ARCHITECTURE@', DEBIAN_ARCHITECTURES[arch])
    .replace(
      '@INSTALLED_SIZE@',
      `${Math.ceil(files.reduce((sum, { content }) => sum + content.length, 0) / 1024)}`,
    );
  const lists = [
    file('./conffiles', settings.map(({ name }) => `/${name}\n`).join('')),
    file('./control', control),
    file('./md5sums', files.map(({ name, content }) => `${md5(content)}  ${name}\n`).join('')),
  ];
  const scripts = readdirSync(join(root, 'deploy/debian'))
    .filter((name) => name !== 'control')
    .map((name) => ({ ...file(`./${name}`, deploy(`debian/${name}`)), mode: 0o755 }));
  const data = withFolders(files).map((entry) => ({ ...entry, name: `./${entry.name}` }));
  return archive(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.gz', tarball([...lists, ...scripts], time)],
      ['data.tar.gz', tarball(data, time)],
    ],
    time,
  );
}

const file = (name, content) => ({ name, content: Buffer.from(content), mode: 0o644 });
const md5 = (content) => createHash('md5').update(content).digest('hex');

/** Each folder comes before what is in it: dpkg makes none by itself. */
function withFolders(files) {
  const folders = new Set(files.flatMap(({ name }) => foldersAbove(name)));
  // Secrets are kept there.
  const mode = (name) => (name === 'etc/leafcutter/' ? 0o700 : 0o755);
  const entries = [...folders].map((name) => ({ name, content: Buffer.alloc(0), mode: mode(name) }));
  return [...entries, ...files].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function foldersAbove(name) {
  return [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index + 1));
}

/** An ar archive, as Debian has it. @param {readonly (readonly [name: string, content: Buffer])[]} members */
function archive(members, time) {
  const parts = members.flatMap(([name, content]) => [
    [
      name.padEnd(16),
      `${time}`.padEnd(12),
      '0     0     100644  ',
      `${content.length}`.padEnd(10),
      '`\n',
    ].join(''),
    content,
    // Members begin at even places.
    content.length % 2 === 0 ? '' : '\n',
  ]);
  return Buffer.concat(['!<arch>\n', ...parts].map((part) => Buffer.from(part)));
}
