#!/usr/bin/env bash
# Two that open one SQLite file with locking_mode=EXCLUSIVE can both be refused, and neither gets it.
#
# Guess: `PRAGMA locking_mode = EXCLUSIVE` makes one of two openers of a file in WAL mode the owner and refuses the other.
# What was seen: each takes a shared lock with its first read and keeps it, because of that mode. Then the exclusive lock that the
#   first write needs is refused to both of them: both say "database is locked", and go on saying so for as long as both are open.
# Seen with node:sqlite of Node 24.21.0, 2026-11-29:
#   first writes: database is locked
#   second writes: database is locked
#   first writes once the second is closed: done
# Why it matters here: it decides nothing. Who owns a file has to be decided by a lock that one step takes.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 && npm install --silent --no-audit --no-fund --allow-scripts=node node@24.21.0 >/dev/null 2>&1 || exit 2
cat >openers.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
const made = new DatabaseSync('data.db');
made.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER) STRICT;');
made.close();
const open = () => {
  const database = new DatabaseSync('data.db');
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0;');
  return database;
};
const attempt = (database, sql) => {
  try {
    database.exec(sql);
    return 'done';
  } catch (error) {
    return error.message;
  }
};
const [first, second] = [open(), open()];
// What every opener does first, to see whether the schema is there.
const reads = [first, second].map((database) => attempt(database, 'SELECT * FROM t'));
console.log(`reads: ${reads.join(', ')}`);
console.log(`first writes: ${attempt(first, 'INSERT INTO t VALUES (1)')}`);
console.log(`second writes: ${attempt(second, 'INSERT INTO t VALUES (1)')}`);
second.close();
console.log(`first writes once the second is closed: ${attempt(first, 'INSERT INTO t VALUES (1)')}`);
JS
node_modules/.bin/node --disable-warning=ExperimentalWarning openers.mjs | tee seen
grep -qx 'first writes: database is locked' seen && grep -qx 'second writes: database is locked' seen &&
  grep -qx 'first writes once the second is closed: done' seen
