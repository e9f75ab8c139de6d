import { expect, test } from '@jest/globals';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { ConnectionLine } from './connection-line.ts';

const REFUSED = Object.assign(new Error('max_user_connections'), { errno: 1226 });

/** A server that gives `most` connections, and tells those that it refuses before those that it gives one. */
function crowdedPool(most: number) {
  let given = 0;
  const getConnection = async () => {
    if (given >= most) throw REFUSED;
    given += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return { release: () => given-- };
  };
  return { pool: { getConnection } as unknown as Pool, given: () => given };
}

async function useOf(line: ConnectionLine, pool: Pool): Promise<string> {
  const connection: PoolConnection = await line.take(pool);
  await new Promise((resolve) => setImmediate(resolve));
  line.release(connection);
  return 'served';
}

test('callers that are refused while other connections are being opened wait for those', async () => {
  const { pool, given } = crowdedPool(2);
  const refusals: unknown[] = [];
  const line = new ConnectionLine((error) => refusals.push(error));
  const uses = Array.from({ length: 20 }, () => useOf(line, pool));
  expect(await Promise.all(uses)).toEqual(uses.map(() => 'served'));
  expect(refusals).toContain(REFUSED);
  expect(given()).toBe(0);
});

test('if there is no connection at all, each of them is told', async () => {
  const { pool } = crowdedPool(0);
  const line = new ConnectionLine(() => undefined);
  const uses = await Promise.allSettled(Array.from({ length: 20 }, () => useOf(line, pool)));
  expect(uses).toEqual(uses.map(() => ({ status: 'rejected', reason: REFUSED })));
});

test('a caller that is refused after the only connection was given back takes that one', async () => {
  const answers = [Promise.withResolvers<PoolConnection>(), Promise.withResolvers<PoolConnection>()];
  const free = { release: () => undefined } as unknown as PoolConnection;
  let asked = 0;
  const pool = {
    getConnection: () => answers[asked++]?.promise ?? Promise.resolve(free),
  } as unknown as Pool;
  const line = new ConnectionLine(() => undefined);
  const [first, second] = [line.take(pool), line.take(pool)];
  answers[0]?.resolve(free);
  line.release(await first);
  answers[1]?.reject(REFUSED);
  expect(await second).toBe(free);
});
