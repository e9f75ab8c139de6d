import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { engineOf, OWNER_LABEL } from '../../scripts/run-engine.mjs';
import { endRun } from '../../scripts/run-folder.mjs';
import {
  type MariadbContainer,
  type RedisContainer,
  startMariadbContainer,
  startRedisContainer,
} from '../support/containers.ts';
import { docker } from '../support/docker-cli.ts';
import { addBridge } from '../support/docker-engine.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const run = promisify(execFile);

let redis: RedisContainer;
let mariadb: MariadbContainer;

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedisContainer(), startMariadbContainer()]);
});

afterAll(async () => {
  await Promise.all([redis?.stop(), mariadb?.stop()]);
});

/** Asks once: by itself the client would try again for more than a minute. */
async function askRedis(): Promise<string> {
  const client = new Redis(redis.url, { retryStrategy: () => null });
  // The command reports the failure; without a listener, the event would be printed.
  client.on('error', () => {});
  try {
    return await client.ping();
  } finally {
    client.disconnect();
  }
}

async function askMariadb(sql: string, url = mariadb.url): Promise<unknown> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

describe('a Redis container', () => {
  test('answers, also on the same port after a restart and after a kill', async () => {
    const { port } = redis;
    expect(await askRedis()).toBe('PONG');
    await redis.restart();
    expect(await askRedis()).toBe('PONG');
    await redis.kill();
    await expect(askRedis()).rejects.toThrow();
    await redis.restart();
    expect([redis.port, await askRedis()]).toEqual([port, 'PONG']);
  });

  test('stands still while paused', async () => {
    const client = new Redis(redis.url);
    await client.ping();
    await redis.pause();
    const answer = client.ping();
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))]);
    expect(first).toBe('silence');
    await redis.unpause();
    expect(await answer).toBe('PONG');
    client.disconnect();
  });
});

describe('a MariaDB container', () => {
  test('lets root in from outside and keeps its data over a kill', async () => {
    const url = await mariadb.createDatabase();
    await askMariadb('CREATE TABLE kept (id INT) ENGINE=InnoDB', url);
    await askMariadb('INSERT INTO kept VALUES (42)', url);
    await mariadb.kill();
    await mariadb.restart();
    expect(await askMariadb('SELECT id FROM kept', url)).toEqual([{ id: 42 }]);
  });

  test('that is paused can be restarted', async () => {
    await mariadb.pause();
    await mariadb.restart();
    expect(await askMariadb('SELECT DATABASE() AS name')).toEqual([{ name: 'leafcutter' }]);
  });
});

test('containers listen on loopback only', async () => {
  for (const { id } of [redis, mariadb]) {
    expect(await docker(['port', id])).toMatch(/^\d+\/tcp -> 127\.0\.0\.1:\d+$/);
  }
});

test('a run that ends removes its own containers and images from an engine that is not its own, and no others', async () => {
  const image = await docker(['inspect', '--format', '{{.Config.Image}}', redis.id]);
  const folder = join(await scratchDir('other-run'), 'leafcutter-test-run-2147483647-1');
  await mkdir(folder);
  await writeFile(engineOf(folder).guestMark, process.env.DOCKER_HOST ?? '');
  const label = ['--label', `${OWNER_LABEL}=${basename(folder)}`];
  const container = await docker(['create', ...label, image]);
  const made = await docker(['commit', '--change', `LABEL ${OWNER_LABEL}=${basename(folder)}`, container]);
  await endRun(folder);
  await expect(docker(['inspect', container])).rejects.toThrow();
  await expect(docker(['inspect', made])).rejects.toThrow();
  expect(await docker(['inspect', '--format', '{{.Config.Image}}', redis.id])).toBe(image);
  expect(await askRedis()).toBe('PONG');
});

test('runs at the same time have networks of their own, also while those are idle', async () => {
  const bridges = ['lct-first', 'lct-second'];
  try {
    for (const bridge of bridges) await addBridge(bridge);
    const { stdout } = await run('ip', ['-oneline', '-4', 'address', 'show']);
    const [first, second] = bridges.map((bridge) => new RegExp(`${bridge} +inet (\\S+)`).exec(stdout)?.[1]);
    expect(first).toMatch(/^198\.18\.\d+\.1\/24$/);
    expect(second).toMatch(/^198\.18\.\d+\.1\/24$/);
    expect(first).not.toBe(second);
  } finally {
    for (const bridge of bridges) await run('ip', ['link', 'delete', bridge]);
  }
});
