import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerKind } from './catalogue.ts';
import { download, UnobtainableError } from './download.ts';
import { writeWrappers } from './wrappers.ts';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'leafcutter-servers');

/**
 * The folder that comes first on the PATH of whoever is to start this server. It is downloaded once and kept outside of
 * the tree.
 *
 * @throws UnobtainableError that says why it is not to be had
 */
export async function obtain(server: ServerKind, say: (text: string) => void): Promise<string> {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64')
    throw new UnobtainableError(`there is none for ${platform} on ${arch}`);
  const folder = join(
    CACHE,
    server.name.replaceAll(/[^A-Za-z0-9.]+/g, '-'),
    server.source.kind,
    server.version,
  );
  const root = join(folder, 'root');
  if (existsSync(root)) say('has it');
  else {
    say('gets it');
    const draft = join(folder, `draft-${process.pid}`);
    mkdirSync(draft, { recursive: true });
    try {
      await download(server.source, draft);
      renameSync(draft, root);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  const bin = join(folder, 'bin');
  writeWrappers(server, root, bin);
  await assertVersion(server, bin);
  return bin;
}

/** A wrapper that started the machine's own server would make every verdict a lie. */
async function assertVersion({ dialect, version }: ServerKind, bin: string): Promise<void> {
  const program = join(bin, dialect === 'redis' ? 'redis-server' : 'mariadbd');
  const { stdout } = await promisify(execFile)(program, ['--version']);
  if (!new RegExp(`(v=|Ver )${version.replaceAll('.', '\\.')}\\b`).test(stdout))
    throw new UnobtainableError(`it says that it is ${stdout.trim().slice(0, 80)}`);
}
