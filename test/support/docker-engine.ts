import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { engineOf } from '../../scripts/run-engine.mjs';
import { dockerSays } from './docker-cli.ts';
import { findBinary } from './find-binary.ts';
import { withLock } from './machine-lock.ts';
import { PATIENCE_MS } from './patience.ts';
import { poll } from './poll.ts';
import { runFolder } from './scratch-dir.ts';

/**
 * Makes sure that a container engine answers: the running one, which stays as it is except for this run's containers
 * and images, or one that is started here and stopped with the run.
 *
 * @throws Error if none answers and none can be started; it says what to do.
 */
export async function ensureDockerEngine(): Promise<void> {
  findBinary('docker', 'docker.io');
  const { socket, guestMark } = engineOf(runFolder());
  await withLock(`docker-engine/${basename(runFolder())}`, async () => {
    if (existsSync(guestMark)) return;
    if (!existsSync(socket)) {
      if (await dockerSays(['version'], 5_000)) {
        writeFileSync(guestMark, process.env.DOCKER_HOST ?? '');
        return;
      }
      if (process.getuid?.() !== 0) {
        throw new Error(
          'No container engine answers, and only root can start one; start dockerd or run as root.',
        );
      }
      await startEngine();
    }
    // Both the docker client and testcontainers look there.
    process.env.DOCKER_HOST = `unix://${socket}`;
  });
}

/**
 * The engine's own proxy publishes ports on loopback, which needs no rule of the packet filter and no forwarding. So
 * the engine is told to leave both alone, and nothing has to be restored.
 */
async function startEngine(): Promise<void> {
  const { home, socket, pidFile, log, bridge } = engineOf(runFolder());
  mkdirSync(home);
  await addBridge(bridge);
  const output = openSync(log, 'w');
  const args = [
    ...['--host', `unix://${socket}`, '--pidfile', pidFile, '--bridge', bridge],
    ...['--data-root', `${home}/data`, '--exec-root', `${home}/exec`],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    // If a containerd runs already, it is shared, and its containers must be told apart.
    ...['--containerd-namespace', bridge, '--containerd-plugins-namespace', `${bridge}-plugins`],
  ];
  const engine = spawn(findBinary('dockerd', 'docker.io'), args, {
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  // An engine that ended must be told apart from one that is slow.
  let ended = false;
  const noteEnd = () => {
    ended = true;
  };
  once(engine, 'exit').then(noteEnd, noteEnd);
  engine.unref();
  process.env.DOCKER_HOST = `unix://${socket}`;
  const up = await poll(async () => ended || (await dockerSays(['version'], 5_000)), PATIENCE_MS, 100);
  if (up === undefined || ended) {
    const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    throw new Error(
      `dockerd ${ended ? 'ended' : `did not answer within ${PATIENCE_MS} ms`}; it last said:\n${tail}`,
    );
  }
}

/**
 * A bridge for the containers of a run, in a network that is set aside for tests and routed nowhere (RFC 2544), and in
 * one that no other run has. Node's own list of interfaces lacks those that are down, as a bridge without containers is.
 */
export async function addBridge(name: string): Promise<void> {
  const ip = async (...args: string[]) => promisify(execFile)(findBinary('ip', 'iproute2'), args);
  await withLock('docker-bridge', async () => {
    const { stdout } = await ip('-oneline', '-4', 'address', 'show');
    const free = Array.from({ length: 256 }, (_, third) => `198.18.${third}.1/24`).find(
      (address) => !stdout.includes(` ${address} `),
    );
    if (free === undefined)
      throw new Error('Every network in 198.18.0.0/16 is taken by a bridge of a test run.');
    await ip('link', 'add', 'name', name, 'type', 'bridge');
    await ip('address', 'add', free, 'dev', name);
    await ip('link', 'set', name, 'up');
  });
}
