import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { killTree, stopTree } from '../stress/process-tree.ts';
import { fakeTime } from '../support/faketime.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { startRedis } from '../support/redis-server.ts';
import { isAlive } from '../support/scratch-dir.ts';

const NO_RETRY = { retryStrategy: () => null, maxRetriesPerRequest: 0 };

function node(script: string, env: Record<string, string> = {}) {
  return startProcess({ command: process.execPath, args: ['-e', script], env, name: 'child' });
}

describe('ports', () => {
  test('are never given twice', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
  });
});

describe('a Redis process', () => {
  test('comes back after a kill on its port with the log it wrote', async () => {
    await using redis = await startRedis({ appendonly: true, args: ['--appendfsync', 'always'] });
    const { port, pid } = redis;
    const before = new Redis(redis.url, NO_RETRY);
    before.on('error', () => {});
    await before.set('key', 'kept');
    await redis.kill();
    expect(isAlive(pid)).toBe(false);
    await redis.restart();
    before.disconnect();
    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    const after = new Redis(redis.url);
    expect(await after.get('key')).toBe('kept');
    after.disconnect();
  });

  test('stands still while paused and then answers what it was asked', async () => {
    await using redis = await startRedis();
    const client = new Redis(redis.url);
    await client.ping();
    await redis.pause();
    const answer = client.ping();
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))]);
    expect(first).toBe('silence');
    await redis.resume();
    expect(await answer).toBe('PONG');
    client.disconnect();
  });

  test('that cannot start says why', async () => {
    await expect(startRedis({ args: ['--no-such-setting', 'x'] })).rejects.toThrow(
      /redis-server ended on port \d+; it last said:[\s\S]*no-such-setting/,
    );
  });
});

describe('a MariaDB process', () => {
  test('keeps what was committed over a kill, and databases apart', async () => {
    await using mariadb = await startMariadb();
    const url = await mariadb.createDatabase();
    expect(await mariadb.createDatabase()).not.toBe(url);
    const before = await createConnection(url);
    before.on('error', () => {});
    await before.query('CREATE TABLE kept (id BIGINT UNSIGNED PRIMARY KEY) ENGINE=InnoDB');
    await before.query('INSERT INTO kept VALUES (18446744073709551615)');
    await mariadb.kill();
    before.destroy();
    await mariadb.restart();
    const after = await createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true });
    const [rows] = await after.query('SELECT id FROM kept');
    expect(rows).toEqual([{ id: '18446744073709551615' }]);
    await after.end();
  });

  test('starts beside another one from the same template', async () => {
    const servers = await Promise.all([startMariadb(), startMariadb()]);
    for (const server of servers) {
      const connection = await createConnection(server.url);
      await connection.query('CREATE TABLE mine (id INT)');
      await connection.end();
    }
    await Promise.all(servers.map((server) => server.dispose()));
  });

  test('keeps its temporary tables when another one starts', async () => {
    await using mariadb = await startMariadb();
    const connection = await createConnection(mariadb.url);
    await connection.query('CREATE TEMPORARY TABLE passing (id INT) ENGINE=MyISAM');
    await using _ = await startMariadb();
    await connection.query('ALTER TABLE passing ADD COLUMN tag INT');
    await connection.end();
  });
});

describe('a process', () => {
  test('is heard, paused, resumed and stopped', async () => {
    const child = node(
      'let n = 0; setInterval(() => console.log("tick " + ++n), 5); process.on("SIGTERM", () => process.exit(7));',
    );
    expect(await child.waitForLine(/tick 3/)).toBe('tick 3');
    await child.pause();
    // Output that was in the pipe when it stopped is read first, then nothing comes.
    let standing = -1;
    const isStill = async () => {
      standing = child.lineCount;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return child.lineCount === standing;
    };
    expect(await poll(isStill)).toBe(true);
    await child.resume();
    await child.waitForLine(/tick/, standing);
    await child.pause();
    expect(await child.stop()).toEqual({ code: 7, signal: null });
    expect(isAlive(child.pid)).toBe(false);
  });

  test('that does not listen is killed', async () => {
    const child = node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")');
    await child.waitForLine(/up/);
    expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('that ends before it wrote the line fails the wait with its last words', async () => {
    const child = node('console.error("no room"); process.exitCode = 3');
    await expect(child.waitForLine(/ready/)).rejects.toThrow(
      /child ended before it wrote \/ready\/[\s\S]*no room/,
    );
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  test('dies with the process that started it, even when that is killed', async () => {
    const module = new URL('../support/process.ts', import.meta.url).href;
    await using parent = node(`
      import(${JSON.stringify(module)}).then(({ startProcess }) => {
        const child = startProcess({ command: 'sleep', args: ['60'], name: 'grandchild' });
        console.log('grandchild ' + child.pid);
      });`);
    const pid = Number((await parent.waitForLine(/grandchild \d+/)).split(' ')[1]);
    expect(isAlive(pid)).toBe(true);
    await parent.kill();
    expect(await poll(() => !isAlive(pid))).toBe(true);
  });
});

describe('a tree of processes', () => {
  const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.charAt(0);

  test('is stopped with all that it started, and let go but for what stood still before', async () => {
    await using parent = node(`
      const { spawn } = require('node:child_process');
      console.log('children ' + [1, 2].map(() => spawn('sleep', ['600']).pid).join(' '));`);
    const [, ...words] = (await parent.waitForLine(/children \d+ \d+/)).split(' ');
    const [stopped = -1, child = -1] = words.map(Number);
    process.kill(stopped, 'SIGSTOP');
    await poll(() => stateOf(stopped) === 'T');
    const goOn = stopTree(parent.pid);
    expect(await poll(() => stateOf(parent.pid) === 'T' && stateOf(child) === 'T')).toBe(true);
    goOn();
    expect(await poll(() => stateOf(parent.pid) !== 'T' && stateOf(child) !== 'T')).toBe(true);
    expect(stateOf(stopped)).toBe('T');
    killTree(parent.pid);
    expect(await poll(() => [stopped, child].every((pid) => !isAlive(pid) || stateOf(pid) === 'Z'))).toBe(
      true,
    );
  });
});

describe('the fake clock', () => {
  test('moves the wall clock of a running process, and nothing else', async () => {
    await using time = await fakeTime();
    await using child = node(
      'setInterval(() => console.log(Date.now() + " " + Math.round(performance.now())), 10)',
      time.env,
    );
    const readings = async () => {
      const begunAt = Date.now();
      // The first line after a change may have been under way before it.
      const since = child.lineCount + 2;
      const line = await poll(() => child.lineCount > since && child.lines.at(-1));
      const [wall = 0, monotonic = 0] = String(line).split(' ').map(Number);
      // It was written at some moment in between.
      return { least: wall - Date.now(), most: wall - begunAt, monotonic };
    };
    const start = await readings();
    for (const seconds of [-10, 3_600, -0.5, 0]) {
      time.set(seconds);
      const { least, most, monotonic } = await readings();
      expect(least).toBeLessThan(seconds * 1_000 + 100);
      expect(most).toBeGreaterThan(seconds * 1_000 - 100);
      expect(monotonic).toBeGreaterThanOrEqual(start.monotonic);
      expect(monotonic).toBeLessThan(start.monotonic + 3_000_000);
    }
  });
});
