import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { createTagRequest } from '@leafcutter/shared/wire';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { numbers, rowsReadDuring } from './backends.ts';

const TAGS = 100_000;

let mariadb: MariadbServer;
let driver: SqlDriver;
let admin: TagAdmin;

beforeAll(async () => {
  mariadb = await startMariadb();
  driver = openMysql({ url: mariadb.url, connectionLimit: 2, statementTimeoutMs: 280_000 });
  await migrateMysql(driver);
  // As many without a shape, with one of their own, and with one that they share.
  const shapes = ['NULL', "CONCAT('T', seq, '-{decimal}')", "'SHARED-{decimal}'"];
  for (const [n, shape] of shapes.entries())
    await driver.run(
      `INSERT INTO leafcutter_tag (tag, retired, shape) SELECT CONCAT('tag-${n}-', seq), 0, ${shape} FROM ${numbers(1, TAGS + 1)}`,
    );
  await driver.run('ANALYZE TABLE leafcutter_tag');
  admin = new TagAdmin(new SqlStore(driver), { maxStep: 1_000_000, targetDurationS: 600 });
});

afterAll(async () => {
  await driver?.close();
  await mariadb?.dispose();
});

// What one test made is nothing that the next one should be warned of.
afterEach(() => driver.run("DELETE FROM leafcutter_tag WHERE tag LIKE 'new-%'"));

/** As for a database on which the migrations ended before they could say so. */
async function migrateAnew(): Promise<void> {
  await driver.run('DELETE FROM leafcutter_migration');
  await migrateMysql(driver);
}

test.each([
  ['without a shape', undefined, undefined, 100],
  ['with a shape like one other’s', 'T77-{decimal}', '"tag-1-77"', 100],
  ['with the shape of 100,000', 'SHARED-{base36}', '"tag-2-1"', 1_200],
  ['with a beginning that is nobody’s', 'NOBODY-{decimal}', undefined, 100],
  ['with a beginning that might be everybody’s', '{base36:8}', 'there are too many', 10_200],
])(
  `beside ${3 * TAGS} tags, a tag %s reads no more rows than are needed`,
  async (what, shape, said, atMost) => {
    let messages: string[] = [];
    const read = await rowsReadDuring(driver, async () => {
      const { warnings } = await admin.create(createTagRequest.parse({ tag: `new-${what.length}`, shape }));
      messages = warnings.map(({ message }) => message);
    });
    process.stdout.write(`a tag ${what}: ${read} rows read\n`);
    expect(messages).toEqual(said === undefined ? [] : [expect.stringContaining(said)]);
    expect([what, read <= atMost, read]).toEqual([what, true, read]);
  },
);

test('a migration that ended before it could say so is made again', async () => {
  await migrateAnew();
  const keys = await driver.query("SHOW KEYS FROM leafcutter_tag WHERE Key_name = 'leafcutter_tag_shape'");
  expect(keys).toHaveLength(1);
});

test('NEGATIVE CONTROL: without the index, every row is read', async () => {
  await driver.run('ALTER TABLE leafcutter_tag DROP KEY leafcutter_tag_shape');
  const ask = () => admin.create(createTagRequest.parse({ tag: 'new-unindexed', shape: 'NOBODY-{base62}' }));
  const read = await rowsReadDuring(driver, ask);
  await migrateAnew();
  expect(read).toBeGreaterThan(3 * TAGS);
});
