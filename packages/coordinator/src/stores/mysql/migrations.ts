import { DuplicateNameError, type SqlDriver } from '../sql/driver.ts';
import { checkSchema, type Migration } from '../sql/schema-age.ts';

/**
 * Numbered by position, append-only, one statement each. MySQL commits after every DDL statement, so a crash in
 * between repeats one at most, and each can be repeated. `leaf_alloc` is Leaf's own table: if a Leaf runs already, it
 * stays untouched.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    sql: `CREATE TABLE IF NOT EXISTS leaf_alloc (
     biz_tag varchar(128) NOT NULL DEFAULT '',
     max_id bigint NOT NULL DEFAULT 1,
     step int NOT NULL,
     description varchar(256) DEFAULT NULL,
     update_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
     PRIMARY KEY (biz_tag)
   ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_deployment (
     singleton tinyint NOT NULL PRIMARY KEY,
     id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     layout varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
   ) ENGINE=InnoDB`,
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_tag (
     tag varbinary(512) NOT NULL PRIMARY KEY,
     max_step int DEFAULT NULL,
     target_duration_s int DEFAULT NULL,
     highest_id bigint DEFAULT NULL,
     retired tinyint NOT NULL DEFAULT 0
   ) ENGINE=InnoDB`,
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_machine (
     machine_id int NOT NULL PRIMARY KEY,
     ceiling_ms bigint NOT NULL DEFAULT 0,
     window_ms int NOT NULL DEFAULT 0,
     agent_id varchar(200) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
     instance_id char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
     KEY leafcutter_machine_ceiling (ceiling_ms, machine_id)
   ) ENGINE=InnoDB`,
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_ledger (
     kind char(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     name varbinary(512) NOT NULL,
     range_start bigint NOT NULL,
     range_end bigint NOT NULL,
     agent_id varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     instance_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     coordinator_id varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     granted_at_ms bigint NOT NULL,
     PRIMARY KEY (kind, name, range_start),
     KEY leafcutter_ledger_granted_at (granted_at_ms)
   ) ENGINE=InnoDB`,
  },
  { sql: `ALTER TABLE leafcutter_tag ADD COLUMN high_water bigint NOT NULL DEFAULT 0` },
  {
    sql: `ALTER TABLE leafcutter_deployment
     ADD COLUMN generation char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
     ADD COLUMN confirmed_at_ms bigint NOT NULL DEFAULT 0,
     ADD COLUMN sweep bigint NOT NULL DEFAULT 0,
     ADD COLUMN swept_at_ms bigint NOT NULL DEFAULT 0`,
  },
  // A tag with a shape has `retired` set from the start, and `shaped_active` says that it is active: a coordinator
  // that knows no shapes would give out its bare numbers.
  {
    sql: `ALTER TABLE leafcutter_tag
     ADD COLUMN shape varchar(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
     ADD COLUMN shaped_active tinyint NOT NULL DEFAULT 0`,
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_opaque_key (
     version int NOT NULL PRIMARY KEY,
     check_value char(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
   ) ENGINE=InnoDB`,
  },
  // What was handed out above a lowered counter, as Redis has it too.
  {
    sql: `ALTER TABLE leafcutter_tag
     ADD COLUMN taken_from bigint DEFAULT NULL,
     ADD COLUMN taken_to bigint DEFAULT NULL`,
  },
  { sql: `ALTER TABLE leafcutter_tag ADD KEY leafcutter_tag_shape (shape)` },
  { sql: `ALTER TABLE leafcutter_tag ADD COLUMN era int NOT NULL DEFAULT 0` },
  // A tag that an earlier release lowered ends below what was handed out above. Nothing else says so.
  {
    sql: `UPDATE leafcutter_tag t
     SET t.taken_to = (SELECT MAX(l.range_end) FROM leafcutter_ledger l WHERE l.kind = 't' AND l.name = t.tag),
       t.taken_from = t.highest_id + 1
     WHERE t.taken_from IS NULL AND t.highest_id <
       (SELECT MAX(l.range_end) - 1 FROM leafcutter_ledger l WHERE l.kind = 't' AND l.name = t.tag)`,
  },
  // So Redis, whose fence has no era, learns that the counter was lowered.
  { sql: 'UPDATE leafcutter_tag SET era = 1 WHERE era = 0 AND taken_from >= 0' },
  {
    sql: `CREATE TABLE IF NOT EXISTS leafcutter_trail (
     id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
     at_ms bigint NOT NULL,
     action varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     subject varbinary(512) NOT NULL,
     actor varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     origin varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     coordinator_id varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
     before_values varchar(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
     after_values varchar(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
     KEY leafcutter_trail_at (at_ms, id),
     KEY leafcutter_trail_subject (subject, at_ms, id),
     KEY leafcutter_trail_actor (actor, at_ms, id)
   ) ENGINE=InnoDB`,
  },
  // Where a tag began, so that a counter nobody drew from is not taken for one that a Leaf raised.
  { sql: 'ALTER TABLE leafcutter_tag ADD COLUMN first_id bigint DEFAULT NULL' },
];

/** DDL on a large table may take long, and a start may wait for it. */
export const MIGRATION_TIMEOUT_MS = 120_000;

/**
 * Brings the database to the newest schema. Several coordinators may do so at the same time, even through different
 * nodes of a Galera, where named locks do not work: each statement can be repeated, and the database runs the DDL of
 * one table in turn.
 * @throws STORE_UNAVAILABLE, also if it had to give way to another coordinator; then call it again
 */
export async function migrateMysql(driver: SqlDriver): Promise<void> {
  await driver.run(
    `CREATE TABLE IF NOT EXISTS leafcutter_migration (
       number int NOT NULL PRIMARY KEY, applied_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
       compatible_from int NOT NULL DEFAULT 0
     ) ENGINE=InnoDB`,
  );
  // Versions before 0.2 created it without that column.
  const [noted] = await driver.query("SHOW COLUMNS FROM leafcutter_migration LIKE 'compatible_from'");
  if (noted === undefined)
    await addTo(driver, 'ALTER TABLE leafcutter_migration ADD COLUMN compatible_from int NOT NULL DEFAULT 0');
  const rows = await driver.query('SELECT number, compatible_from FROM leafcutter_migration');
  const applied = new Set(rows.map((row) => Number(row.number)));
  const unknown = rows.filter((row) => Number(row.number) > MIGRATIONS.length);
  const floors = unknown.map((row) => Number(row.compatible_from));
  checkSchema(Math.max(0, ...applied), Math.max(0, ...floors), MIGRATIONS.length);
  for (const [index, { sql, compatibleFrom = 0 }] of MIGRATIONS.entries()) {
    if (applied.has(index + 1)) continue;
    await addTo(driver, sql);
    await driver.run('INSERT IGNORE INTO leafcutter_migration (number, compatible_from) VALUES (?, ?)', [
      index + 1,
      compatibleFrom,
    ]);
  }
}

/** If a column or an index exists already, a run added it that ended before it could say so. */
async function addTo(driver: SqlDriver, sql: string): Promise<void> {
  await driver.run(sql).catch((error: unknown) => {
    if (!(error instanceof DuplicateNameError)) throw error;
  });
}
