import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerSays } from './docker-cli.ts';
import { findBinary } from './find-binary.ts';
import { withLock } from './machine-lock.ts';
import { poll } from './poll.ts';

const READY_WITHIN_MS = 30_000;
const LOG = join(tmpdir(), 'leafcutter-test-dockerd.log');

/**
 * Makes sure that a container engine answers: the one that runs, else one that is started here and stays,
 * since others on the machine may use it and the next run will.
 *
 * @throws Error when none answers and none can be started; it tells what to do.
 */
export async function ensureDockerEngine(): Promise<void> {
  findBinary('docker', 'docker.io');
  await withLock('docker-engine', async () => {
    if (await answers()) return;
    if (process.getuid?.() !== 0) {
      throw new Error(
        'No container engine answers, and only root can start one; start dockerd or run as root.',
      );
    }
    await startEngine();
  });
}

async function startEngine(): Promise<void> {
  const log = openSync(LOG, 'w');
  const engine = spawn(findBinary('dockerd', 'docker.io'), [], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // An engine that ended must be told apart from one that is slow.
  let ended = false;
  once(engine, 'exit').then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  engine.unref();
  const up = await poll(async () => ended || (await answers()), READY_WITHIN_MS, 100);
  if (up === undefined || ended) {
    const tail = readFileSync(LOG, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    throw new Error(
      `dockerd ${ended ? 'ended' : `did not answer within ${READY_WITHIN_MS} ms`}; it last said:\n${tail}`,
    );
  }
}

function answers(): Promise<boolean> {
  return dockerSays(['version'], 5_000);
}
