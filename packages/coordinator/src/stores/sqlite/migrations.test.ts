import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import type { Row } from '../sql/driver.ts';
import { toEra } from '../sql/tags.ts';
import { migrateSqlite } from './migrations.ts';

test('a tag that an earlier release lowered is in its second era, and ends below what was handed out above', () => {
  const database = new DatabaseSync(':memory:', { readBigInts: true });
  migrateSqlite(database);
  // As the earlier release had it.
  database.exec(`ALTER TABLE leafcutter_tag DROP COLUMN era; ALTER TABLE leafcutter_tag DROP COLUMN first_id;
    DROP TABLE leafcutter_trail;
    DELETE FROM leafcutter_migration WHERE number >= 8; PRAGMA user_version = 7;
    INSERT INTO leafcutter_tag (tag, highest_id, high_water) VALUES ('orders', 200, 51), ('users', 9000, 251);
    INSERT INTO leafcutter_ledger VALUES ('t', 'orders', 1, 51, 'a', 'i', 'c', 1), ('t', 'orders', 201, 251, 'a', 'i', 'c', 1),
      ('t', 'users', 1, 251, 'a', 'i', 'c', 1);`);
  migrateSqlite(database);
  const rows = database.prepare('SELECT * FROM leafcutter_tag ORDER BY tag').all() as Row[];
  expect(rows.map(toEra)).toEqual([{ era: 1, taken: { start: 201n, end: 251n } }, {}]);
  database.close();
});
