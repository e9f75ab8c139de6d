import type { DatabaseSync } from 'node:sqlite';
import { checkSchema, type Migration } from '../sql/schema-age.ts';

/** Numbered by position, append-only: the tables of `mysql/migrations.ts` in SQLite's words. */
const MIGRATIONS: readonly Migration[] = [
  {
    sql: `CREATE TABLE leaf_alloc (
     biz_tag TEXT NOT NULL PRIMARY KEY,
     max_id INTEGER NOT NULL DEFAULT 1,
     step INTEGER NOT NULL,
     description TEXT,
     update_time TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
   ) STRICT;
   CREATE TRIGGER leaf_alloc_update_time AFTER UPDATE OF max_id, step, description ON leaf_alloc BEGIN
     UPDATE leaf_alloc SET update_time = CURRENT_TIMESTAMP WHERE biz_tag = NEW.biz_tag;
   END;
   CREATE TABLE leafcutter_deployment (
     singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
     id TEXT NOT NULL,
     layout TEXT NOT NULL
   ) STRICT;
   CREATE TABLE leafcutter_tag (
     tag TEXT NOT NULL PRIMARY KEY,
     max_step INTEGER,
     target_duration_s INTEGER,
     highest_id INTEGER,
     retired INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE leafcutter_machine (
     machine_id INTEGER NOT NULL PRIMARY KEY,
     ceiling_ms INTEGER NOT NULL DEFAULT 0,
     window_ms INTEGER NOT NULL DEFAULT 0,
     agent_id TEXT,
     instance_id TEXT
   ) STRICT;
   CREATE INDEX leafcutter_machine_ceiling ON leafcutter_machine (ceiling_ms, machine_id);
   CREATE TABLE leafcutter_ledger (
     kind TEXT NOT NULL,
     name TEXT NOT NULL,
     range_start INTEGER NOT NULL,
     range_end INTEGER NOT NULL CHECK (range_end > range_start),
     agent_id TEXT NOT NULL,
     instance_id TEXT NOT NULL,
     coordinator_id TEXT NOT NULL,
     granted_at_ms INTEGER NOT NULL,
     PRIMARY KEY (kind, name, range_start)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX leafcutter_ledger_granted_at ON leafcutter_ledger (granted_at_ms);`,
  },
  {
    sql: `ALTER TABLE leafcutter_tag ADD COLUMN high_water INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE leafcutter_deployment ADD COLUMN generation TEXT;
   ALTER TABLE leafcutter_deployment ADD COLUMN confirmed_at_ms INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE leafcutter_deployment ADD COLUMN sweep INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE leafcutter_deployment ADD COLUMN swept_at_ms INTEGER NOT NULL DEFAULT 0;`,
  },
  {
    sql: `CREATE TABLE leafcutter_migration (
      number INTEGER NOT NULL PRIMARY KEY,
      compatible_from INTEGER NOT NULL
    ) STRICT;`,
  },
  {
    sql: `ALTER TABLE leafcutter_tag ADD COLUMN shape TEXT;
   ALTER TABLE leafcutter_tag ADD COLUMN shaped_active INTEGER NOT NULL DEFAULT 0;`,
  },
  {
    sql: `CREATE TABLE leafcutter_opaque_key (
      version INTEGER NOT NULL PRIMARY KEY,
      check_value TEXT NOT NULL
    ) STRICT;`,
  },
  {
    sql: `ALTER TABLE leafcutter_tag ADD COLUMN taken_from INTEGER;
   ALTER TABLE leafcutter_tag ADD COLUMN taken_to INTEGER;`,
  },
  { sql: `CREATE INDEX leafcutter_tag_shape ON leafcutter_tag (shape);` },
  {
    sql: `ALTER TABLE leafcutter_tag ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
   UPDATE leafcutter_tag
   SET taken_to = (SELECT MAX(range_end) FROM leafcutter_ledger WHERE kind = 't' AND name = tag),
     taken_from = highest_id + 1
   WHERE taken_from IS NULL AND highest_id <
     (SELECT MAX(range_end) - 1 FROM leafcutter_ledger WHERE kind = 't' AND name = tag);
   UPDATE leafcutter_tag SET era = 1 WHERE taken_from >= 0;`,
  },
  {
    sql: `CREATE TABLE leafcutter_trail (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      actor TEXT NOT NULL,
      origin TEXT NOT NULL,
      coordinator_id TEXT NOT NULL,
      before_values TEXT,
      after_values TEXT
    ) STRICT;
    CREATE INDEX leafcutter_trail_at ON leafcutter_trail (at_ms, id);
    CREATE INDEX leafcutter_trail_subject ON leafcutter_trail (subject, at_ms, id);
    CREATE INDEX leafcutter_trail_actor ON leafcutter_trail (actor, at_ms, id);`,
  },
  { sql: 'ALTER TABLE leafcutter_tag ADD COLUMN first_id INTEGER;' },
];

/** From the step after this one on, each notes what it requires. */
const NOTED_FROM = 3;

/** Brings the file to the newest schema; `user_version` counts what has been applied. @throws STORE_UNAVAILABLE */
export function migrateSqlite(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: bigint };
  const applied = Number(row.user_version);
  if (applied > MIGRATIONS.length) {
    const floors = database
      .prepare('SELECT COALESCE(MAX(compatible_from), 0) AS floor FROM leafcutter_migration WHERE number > ?')
      .get(MIGRATIONS.length) as { floor: bigint };
    checkSchema(applied, Number(floors.floor), MIGRATIONS.length);
  }
  for (const [index, { sql, compatibleFrom = 0 }] of MIGRATIONS.entries()) {
    const number = index + 1;
    if (number <= applied) continue;
    const note =
      number < NOTED_FROM ? '' : `INSERT INTO leafcutter_migration VALUES (${number}, ${compatibleFrom});`;
    database.exec(`BEGIN IMMEDIATE; ${sql} ${note} PRAGMA user_version = ${number}; COMMIT;`);
  }
}
