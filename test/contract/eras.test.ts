import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { lowerCounter } from '@leafcutter/coordinator/domain/tags/lower-counter';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import {
  CALM,
  holder,
  LAYOUT_TEXT,
  newTag,
  overlaps,
  SEGMENT_RULES,
} from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { numbers, openLink } from './backends.ts';

/**
 * Sequences around a later era that one of the stores forgot, on real servers; the others are in
 * `domain/tags/eras.test.ts`.
 */

const TABLES = ['leaf_alloc', 'leafcutter_tag', 'leafcutter_ledger', 'leafcutter_deployment'];

let mariadb: MariadbServer;
let redis: RedisServer;
let driver: SqlDriver;
let link: RedisLink;
let store: SqlStore;
let fence: RedisFence;
let guard: FenceGuard;
let segments: SegmentArbiter;
let ranges: Range[];
let parts: ConstructorParameters<typeof FenceGuard>[0];

beforeAll(async () => {
  mariadb = await startMariadb();
  redis = await startRedis();
});
afterAll(async () => {
  await mariadb?.dispose();
  await redis?.dispose();
});

beforeEach(async () => {
  const url = await mariadb.createDatabase();
  // Ten times the default, for a machine that is busy with other tests.
  driver = openMysql({ url, connectionLimit: 8, statementTimeoutMs: 20_000 });
  await migrateMysql(driver);
  link = await openLink(redis);
  store = new SqlStore(driver);
  fence = new RedisFence(link);
  ranges = [];
  parts = {
    store,
    fence,
    locks: noLocks,
    clock: systemClock,
    events: new RecordedEvents(),
    coordinatorId: 'c1',
    layout: LAYOUT_TEXT,
    newGeneration: () => crypto.randomUUID(),
  };
  guard = new FenceGuard(parts);
  const rules = { ...SEGMENT_RULES, adaptiveStep: false, deadlineMs: 20_000 };
  segments = new SegmentArbiter({
    ...parts,
    unfenced: guard,
    random: () => 0.5,
    rules,
    events: new RecordedEvents(),
  });
  await store.createTag(newTag('orders', { step: 50 }));
  await guard.sweep();
});
afterEach(async () => {
  fence.close();
  link.close();
  await driver.close();
});

async function grant(): Promise<string> {
  return segments.grant('orders', holder(1), CALM).then(
    (range) => {
      ranges.push(range);
      return `${range.start}-${range.end}`;
    },
    (error: { code?: string; reason?: string }) => `${error.code} ${error.reason}`,
  );
}

const byHand = (to: bigint) => driver.run('UPDATE leaf_alloc SET max_id = ?', [to]);
const lower = (to: bigint) => lowerCounter({ ...parts }, 'orders', to, false);

async function dump(): Promise<() => Promise<void>> {
  for (const table of TABLES) {
    await driver.run(`DROP TABLE IF EXISTS backup_${table}`);
    await driver.run(`CREATE TABLE backup_${table} AS SELECT * FROM ${table}`);
  }
  return async () => {
    for (const table of TABLES) {
      await driver.run(`DELETE FROM ${table}`);
      await driver.run(`INSERT INTO ${table} SELECT * FROM backup_${table}`);
    }
  };
}

async function sweeps(): Promise<void> {
  for (let n = 0; n < 11; n++) await guard.sweep();
}

test('what went unfenced while a lowering was in Redis only', async () => {
  expect(await grant()).toBe('1-51');
  await byHand(201n);
  expect(await grant()).toBe('201-251');
  const restore = await dump();
  const lowerFence = fence.lower.bind(fence);
  fence.lower = async (...args) => {
    await lowerFence(...args);
    throw new Error('the coordinator dies here');
  };
  await expect(lower(51n)).rejects.toThrow('dies here');
  // Another coordinator, whose memory does not have the lowering, goes on without Redis.
  Object.defineProperty(link, 'up', { get: () => false, configurable: true });
  const other = new RedisFence(link);
  const rules = { ...SEGMENT_RULES, adaptiveStep: false };
  const theirs = new SegmentArbiter({
    ...parts,
    fence: other,
    unfenced: guard,
    random: () => 0.5,
    rules,
    events: new RecordedEvents(),
  });
  ranges.push(await theirs.grant('orders', holder(2), CALM));
  Reflect.deleteProperty(link, 'up');
  await sweeps();
  await restore();
  await sweeps();
  await store.changeTag('orders', { highestId: null });
  await byHand(251n);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('what was granted in an era below, once the counter passed what is above', async () => {
  expect(await grant()).toBe('1-51');
  await byHand(201n);
  expect(await grant()).toBe('201-251');
  const restore = await dump();
  await lower(51n);
  expect(await grant()).toBe('51-101');
  await store.changeTag('orders', { highestId: null });
  await byHand(251n);
  expect(await grant()).toBe('251-301');
  await sweeps();
  await restore();
  await sweeps();
  await lower(51n).catch(() => undefined);
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});

test('a lowering that MySQL forgot is learnt also if there are many ranges above', async () => {
  // If they were read one by one, so many ranges would take longer than any statement may.
  const rows = process.env.LEAFCUTTER_FULL === '1' ? 200_000 : 50_000;
  const top = 1_000_001 + rows * 50;
  expect(await grant()).toBe('1-51');
  for (let at = 0; at < rows; at += 10_000)
    await driver.run(
      `INSERT INTO leafcutter_ledger SELECT 't', 'orders', seq * 50 + 1000001, seq * 50 + 1000051, 'pod', UUID(), 'c1', 1
       FROM ${numbers(at, Math.min(rows, at + 10_000))}`,
    );
  await byHand(BigInt(top));
  expect(await grant()).toBe(`${top}-${top + 50}`);
  await guard.sweep();
  const [counter] = await driver.query('SELECT max_id FROM leaf_alloc');
  const [own] = await driver.query('SELECT high_water FROM leafcutter_tag');
  await lower(51n);
  // MySQL forgets the lowering.
  await driver.run('UPDATE leaf_alloc SET max_id = ?', [BigInt(counter?.max_id ?? 0)]);
  await driver.run(
    'UPDATE leafcutter_tag SET era = 0, taken_from = NULL, taken_to = NULL, highest_id = NULL, high_water = ?',
    [BigInt(own?.high_water ?? 0)],
  );
  expect(await grant()).toBe('51-101');
});

test('what the ledger has of a tag whose counter was set low is taught to Redis', async () => {
  expect(await grant()).toBe('1-51');
  const restore = await dump();
  expect(await grant()).toBe('51-101');
  // All this was an hour ago.
  await driver.run('UPDATE leafcutter_ledger SET granted_at_ms = granted_at_ms - 3600000');
  await driver.run('DELETE FROM leafcutter_tag');
  await driver.run('UPDATE leaf_alloc SET max_id = 21');
  await link.run((client) => client.flushall());
  await guard.check();
  await sweeps();
  await restore();
  await guard.check();
  await sweeps().catch(() => undefined);
  await guard.check();
  await sweeps();
  await grant();
  expect(overlaps(ranges)).toEqual([]);
});
