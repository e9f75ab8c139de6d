import { match } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { tryDev } from '../support/try-dev.ts';
import { packageOf, sh, type Way } from './tools.ts';

/** It knows of no other registry, and lets everybody publish. */
const CONFIG = `storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
packages: { '**': { access: $all, publish: $all } }
log: { type: stdout, format: json, level: warn }
`;

export const ofRegistry: Way = {
  name: 'a registry on loopback, by name',
  attempt: async (release) => {
    // 6.8 asks for a node-fetch that was withdrawn.
    const verdaccio = await packageOf('verdaccio@6.8.0', { 'node-fetch': '2.7.0' });
    const folder = await scratchDir('registry');
    writeFileSync(join(folder, 'config.yaml'), CONFIG);
    const place = `127.0.0.1:${await freePort()}`;
    await using registry = startProcess({
      command: process.execPath,
      args: [join(verdaccio, 'bin/verdaccio'), '--config', 'config.yaml', '--listen', place],
      cwd: folder,
      name: 'verdaccio',
    });
    await registry.waitForLine(/http address/);

    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(folder, 'npmrc'), `registry=http://${place}/\n//${place}/:_authToken=anybody\n`);
    const env = {
      // Without our own bin folder, which has a `leafcutter` as well.
      PATH: `${join(process.execPath, '..')}${delimiter}/usr/local/bin:/usr/bin:/bin`,
      npm_config_userconfig: join(folder, 'npmrc'),
      npm_config_cache: join(folder, 'cache'),
    };
    for (const name of ['leafcutter', 'leafcutter-client']) {
      const tarball = join(release.folder, `${name}-${release.version}.tgz`);
      await sh('npm', ['publish', tarball, '--access', 'public', '--loglevel=error'], { cwd: empty, env });
    }
    await sh('npm', ['install', '--no-audit', '--no-fund', '@leafcutter/client'], { cwd: empty, env });
    const told = await sh('npx', ['--yes', 'leafcutter', 'version'], { cwd: empty, env });
    match(told, /\(commit /);
    await tryDev(['npx', '--yes', 'leafcutter'], { cwd: empty, env, asGroup: true });
    return `verdaccio ${(await sh(process.execPath, [join(verdaccio, 'bin/verdaccio'), '--version'])).trim()}; both packages`;
  },
};
