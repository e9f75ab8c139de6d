import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lookUpBinary } from '../support/find-binary.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { NotRun, sh, unpacked, type Way } from './tools.ts';

const run = promisify(execFile);
const CHECK = fileURLToPath(new URL('systemd-check.sh', import.meta.url));
/** What the package depends on, and what its check needs. */
const NEEDED = ['systemd', 'systemd-sysv', 'libatomic1', 'libstdc++6', 'procps', 'curl'];
/** From boot to power off; it takes half a minute. */
const BOOTED_MS = 300_000;

const UNIT = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/root/check.sh
`;

export const ofDebian: Way = {
  name: 'the deb, both units, a booted systemd',
  attempt: async ({ folder, version }) => {
    if (process.getuid?.() !== 0) throw new NotRun('only root may boot a container');
    if (process.arch !== 'x64') throw new NotRun('the container is of amd64');
    const nspawn =
      lookUpBinary('systemd-nspawn') ?? join(await unpacked(['systemd-container']), 'usr/bin/systemd-nspawn');
    const root = await debian();
    copyFileSync(join(folder, `leafcutter_${version}_amd64.deb`), join(root, 'root/leafcutter.deb'));
    copyFileSync(CHECK, join(root, 'root/check.sh'));
    chmodSync(join(root, 'root/check.sh'), 0o755);
    writeFileSync(join(root, 'etc/systemd/system/check.service'), UNIT);
    mkdirSync(join(root, 'etc/systemd/system/multi-user.target.wants'), { recursive: true });
    symlinkSync('../check.service', join(root, 'etc/systemd/system/multi-user.target.wants/check.service'));

    const flags = ['--boot', '--directory', root, '--register=no', '--keep-unit', '--private-network'];
    const env = { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' };
    const booted = run(nspawn, [...flags, '--console=pipe'], {
      env,
      timeout: BOOTED_MS,
      killSignal: 'SIGKILL',
    });
    const { stderr } = await booted.catch((error: { stderr: string }) => error);
    const result = readFileIfThere(join(root, 'root/result'));
    if (result === undefined)
      throw new NotRun(`no container was booted: ${stderr.trim().split('\n').at(-1)}`);
    if (!/^ALL WELL$/m.test(result))
      throw new Error(`in the container: ${result.trim().split('\n').slice(-30).join('\n')}`);
    return 'installed, started, reloaded, upgraded, removed, purged';
  },
};

/** The root of a small Debian. */
async function debian(): Promise<string> {
  const tool = await unpacked(['debootstrap']);
  const root = join(await scratchDir('debian'), 'root');
  const flags = ['--variant=minbase', `--include=${NEEDED.join()}`, 'bookworm', root];
  await sh(join(tool, 'usr/sbin/debootstrap'), flags, {
    env: { DEBOOTSTRAP_DIR: join(tool, 'usr/share/debootstrap') },
  }).catch((error: Error) => {
    throw new NotRun(`no Debian could be made: ${error.message}`);
  });
  return root;
}

function readFileIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
