import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Row, SqlSession } from '../sql/driver.ts';
import { MysqlIncarnation } from './incarnation.ts';

let nowMs: number;
let server: { name: string; startedAtMs: number } | undefined;
let uptimeIsTold: boolean;
let seen: MysqlIncarnation;

beforeEach(() => {
  nowMs = 1_000_000;
  server = { name: 'db-1 3306 1', startedAtMs: 0 };
  uptimeIsTold = true;
  seen = new MysqlIncarnation(() => nowMs);
});

const session: SqlSession = {
  async query(): Promise<Row[]> {
    if (server === undefined) throw new Error('no server');
    const seconds = Math.floor((nowMs - server.startedAtMs) / 1_000);
    return uptimeIsTold ? [{ Variable_name: 'Uptime', Value: String(seconds) }] : [];
  },
  run: () => Promise.reject(new Error('it only looks')),
};
const look = () => seen.look(session, server?.name ?? '');

test('the first server is no other than before', async () => {
  expect(await look()).toBe(false);
  expect(seen.number).toBe(1);
});

test('one that ran on is the same, at whatever part of a second it is asked', async () => {
  for (let n = 0; n < 50; n++) {
    expect(await look()).toBe(false);
    nowMs += 777;
  }
  expect(seen.number).toBe(1);
});

test('one whose clock drifts away from ours by seconds in weeks is the same', async () => {
  for (let n = 0; n < 50 && server !== undefined; n++) {
    nowMs += 86_400_000;
    server.startedAtMs += 200;
    expect(await look()).toBe(false);
  }
});

describe('it may have forgotten something', () => {
  test.each([
    ['that was started again', { name: 'db-1 3306 1', startedAtMs: 1_001_000 }],
    ['that was started again just now', { name: 'db-1 3306 1', startedAtMs: 1_005_000 }],
    ['of another host', { name: 'db-2 3306 1', startedAtMs: 0 }],
    ['of another id', { name: 'db-1 3306 2', startedAtMs: 0 }],
  ])('a server %s', async (_what, other) => {
    await look();
    nowMs += 5_000;
    server = other;
    expect(await look()).toBe(true);
    expect(seen.number).toBe(2);
    expect(await look()).toBe(false);
  });

  test('a server that goes back to the one before it', async () => {
    await look();
    server = { name: 'db-2 3306 2', startedAtMs: 0 };
    await look();
    server = { name: 'db-1 3306 1', startedAtMs: 0 };
    expect(await look()).toBe(true);
    expect(seen.number).toBe(3);
  });
});

test('one that does not tell its uptime is known by its name', async () => {
  uptimeIsTold = false;
  await look();
  nowMs += 60_000;
  expect(await look()).toBe(false);
});
