import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDockerEngine } from './docker-engine.ts';
import { findBinary } from './find-binary.ts';
import { buildImage } from './image-builder.ts';
import { hasOrPulls } from './image-pull.ts';
import { copyMariadbData, MARIADB_SETTINGS, mariadbVersion } from './mariadb-template.ts';
import { runFolder } from './scratch-dir.ts';

const run = promisify(execFile);

export interface ContainerImage {
  /** Name and tag, present in the engine. */
  readonly image: string;
  /** True if it was made from this machine's programs because no registry gave the official one. */
  readonly substituted: boolean;
}

/** Read at every start, one statement a line. Seen from inside the container, tests come from another host. */
const LET_ROOT_IN = [
  "CREATE USER IF NOT EXISTS root@'%';",
  "GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;",
  '',
].join('\n');

let redis: Promise<ContainerImage> | undefined;
let node: Promise<ContainerImage> | undefined;
let mariadb: Promise<ContainerImage> | undefined;

/** `redis:7.4`, or a stand-in with this machine's Redis. */
export function redisImage(): Promise<ContainerImage> {
  redis ??= officialOr('redis:7.4', async () => {
    const binary = findBinary('redis-server', 'redis-server');
    const { stdout } = await run(binary, ['--version']);
    const image = ownImage('redis', /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown');
    const command = [binary, '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/tmp'];
    await buildImage({ image, binaries: [binary], command, port: 6379 });
    return image;
  });
  return redis;
}

/** `node:26-slim`, or a stand-in with the Node that runs this and what the last steps of our Dockerfile use. */
export function nodeImage(): Promise<ContainerImage> {
  node ??= officialOr('node:26-slim', async () => {
    const image = ownImage('node', process.versions.node);
    const busybox = findBinary('busybox', 'busybox-static');
    const furnish = async (root: string) => {
      await mkdir(join(root, 'usr/bin'), { recursive: true });
      await symlink(process.execPath, join(root, 'usr/bin/node'));
      for (const tool of ['mkdir', 'chown']) await symlink(busybox, join(root, 'bin', tool));
    };
    await buildImage({ image, binaries: [process.execPath], command: ['node'], port: 8100, furnish });
    return image;
  });
  return node;
}

/** `mariadb:11.4`, or a stand-in with this machine's MariaDB, data directory prepared. */
export function mariadbImage(): Promise<ContainerImage> {
  mariadb ??= officialOr('mariadb:11.4', async () => {
    const binary = findBinary('mariadbd', 'mariadb-server');
    const image = ownImage('mariadb', await mariadbVersion());
    const settings = MARIADB_SETTINGS.filter((setting) => !setting.startsWith('--user'));
    const command = [
      ...[binary, '--no-defaults', '--datadir=/data', '--socket=/tmp/s.sock', '--pid-file=/tmp/pid'],
      ...['--bind-address=0.0.0.0', '--port=3306', '--user=root', '--init-file=/init.sql', ...settings],
    ];
    const furnish = async (root: string) => {
      await cp('/usr/share/mysql', join(root, 'usr/share/mysql'), { recursive: true, dereference: true });
      await copyMariadbData(join(root, 'data'));
      await writeFile(join(root, 'init.sql'), LET_ROOT_IN);
    };
    await buildImage({ image, binaries: [binary], command, port: 3306, furnish });
    return image;
  });
  return mariadb;
}

/** A name that no other run uses; it is removed with the run that made it. */
function ownImage(name: string, version: string): string {
  return `leafcutter-test/${name}:${version}-${basename(runFolder())}`;
}

async function officialOr(official: string, substitute: () => Promise<string>): Promise<ContainerImage> {
  await ensureDockerEngine();
  if (await hasOrPulls(official)) return { image: official, substituted: false };
  return { image: await substitute(), substituted: true };
}
