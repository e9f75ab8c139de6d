import { ok } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyRoot } from '../support/empty-root.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { tryDev } from '../support/try-dev.ts';
import { type Release, sh, unpacked, type Way } from './tools.ts';

/** What the executable is linked with. */
const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];

export const ofExecutables: readonly Way[] = [
  {
    name: 'the executable, in a root without Node',
    attempt: async (release) => {
      const root = join(await scratchDir('root'), 'root');
      const { line, data } = await emptyRoot(root, await executableFor('x64', release));
      await tryDev(line, { data });
      return (await sh('chroot', [root, '/leafcutter', 'version'])).trim();
    },
  },
  {
    name: 'the executable for arm64, emulated',
    attempt: async (release) => {
      const qemu = join(await unpacked(['qemu-user-static']), 'usr/bin/qemu-aarch64-static');
      const root = await unpacked(
        LIBRARIES.map((name) => `${name}:arm64`),
        await aptOfArm64(),
      );
      const line = [qemu, '-L', root, await executableFor('arm64', release)] as const;
      const listen = `127.0.0.1:${await freePort()}`;
      const flags = ['--listen', listen, '--data-dir', join(await scratchDir('arm64'), 'data')];
      // `dev` would start itself again, which asks the kernel for an emulator.
      const [command, ...args] = line;
      await using coordinator = startProcess({
        command,
        args: [...args, 'coordinator', ...flags],
        name: 'coordinator',
      });
      await coordinator.waitForLine(/coordinator is ready/);
      ok((await (await fetch(`http://${listen}/`)).text()).includes('<!doctype html>'));
      await coordinator.stop();
      const version = await sh(command, [...args, 'version']);
      return `${version.trim()}; a coordinator only`;
    },
  },
];

async function executableFor(arch: string, { folder, version }: Release): Promise<string> {
  const to = await scratchDir('executable');
  const name = `leafcutter-${version}-linux-${arch}`;
  await sh('tar', ['-xzf', join(folder, `${name}.tar.gz`), '-C', to]);
  return join(to, name, 'leafcutter');
}

/** A configuration of apt that knows the packages of arm64, beside this machine's own. */
async function aptOfArm64(): Promise<string[]> {
  const folder = await scratchDir('apt');
  mkdirSync(join(folder, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Architecture': 'arm64',
    'APT::Architectures': 'arm64',
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await sh('apt-get', [...options, 'update']);
  return options;
}
