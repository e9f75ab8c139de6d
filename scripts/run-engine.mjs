/**
 * The container engine of a run. It is started only if none answers (test/support/docker-engine.ts). Everything it
 * has lies in the run's folder, except a bridge that carries the run's number. It does not change the packet filter.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Label of containers and images with the name of the run's folder, which tells their owner. */
export const OWNER_LABEL = 'leafcutter-test.owner';

const STOPS_WITHIN_MS = 20_000;

export function engineOf(folder) {
  const home = join(folder, 'docker');
  const number = /\d+/.exec(basename(folder))?.[0];
  return {
    home,
    socket: join(folder, 'docker.sock'),
    pidFile: join(home, 'pid'),
    log: join(home, 'log'),
    bridge: `lct-${number}`,
    /** Names the engine, if the run uses one that is not its own; empty for the default one. */
    guestMark: join(folder, 'guest-of-an-engine'),
  };
}

/**
 * Stops the run's own engine with its containers. From someone else's engine, only what belongs to the run is
 * removed.
 */
export async function endEngine(folder, membersOf) {
  const { home, guestMark } = engineOf(folder);
  if (existsSync(guestMark)) await leaveForeign(basename(folder), readFileSync(guestMark, 'utf8'));
  if (existsSync(home)) await stopOwn(folder, membersOf);
}

async function leaveForeign(owner, host) {
  const docker = clientOf(host);
  const mine = ['--filter', `label=${OWNER_LABEL}=${owner}`];
  await removeContainers(docker, mine);
  const images = await docker('images', '--quiet', '--no-trunc', ...mine);
  if (images.length > 0) await docker('image', 'rm', '--force', ...new Set(images));
}

async function stopOwn(folder, membersOf) {
  const { pidFile, socket, bridge } = engineOf(folder);
  const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : undefined;
  const runs = () => pid !== undefined && membersOf(folder).includes(pid);
  if (runs()) {
    await removeContainers(clientOf(`unix://${socket}`));
    process.kill(Number(pid), 'SIGTERM');
    const end = Date.now() + STOPS_WITHIN_MS;
    while (runs() && Date.now() < end) await sleep(50);
  }
  await linesOf('ip', ['link', 'delete', bridge]);
}

async function removeContainers(docker, filters = []) {
  const containers = await docker('ps', '--all', '--quiet', ...filters);
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
}

/** The client of an engine; of the default one if the host is empty. */
const clientOf =
  (host) =>
  (...args) =>
    linesOf('docker', [...(host === '' ? [] : ['--host', host]), ...args]);

/** Empty if the command fails: what is not there need not be removed. */
async function linesOf(command, args) {
  return run(command, args, { timeout: STOPS_WITHIN_MS, killSignal: 'SIGKILL' }).then(
    ({ stdout }) => stdout.split('\n').filter(Boolean),
    () => [],
  );
}
