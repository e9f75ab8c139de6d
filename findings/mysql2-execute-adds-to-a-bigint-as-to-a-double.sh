#!/usr/bin/env bash
# mysql2's execute() makes `? + 1` of a BigInt a sum of doubles, so a counter is set below the value given; its query() is exact.
#
# Guess: a BigInt is sent as a 64-bit integer, for which MySQL's protocol has a type; query() and execute() differ in speed, not in results.
# What was seen: execute() sends it as text. `WHERE id = ?` is exact, as the server looks at the column's type; sums, GREATEST() and
#   LAST_INSERT_ID(? + 1) are made of doubles. mariadb (npm) is exact either way.
# Seen with mysql2 3.24.6, mariadb 3.5.4 (npm), Node 20.20, MariaDB 10.11.19, 2026-12-01, for 9007199254740993n:
#   mysql2 query: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
#   mysql2 execute: v = ? + 1 sets 9007199254740992, GREATEST(v, ?) makes 9007199254740992 of the number before it
#   mariadb query: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
#   mariadb execute: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
# Why it matters here: a high-water mark written so lies under an ID that is in use, which is then given again. Write CAST(? AS SIGNED).
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts mysql2@3.24.6 mariadb@3.5.4 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d; CREATE TABLE d.mark (v BIGINT); INSERT INTO d.mark VALUES (0)'
cat >try.mjs <<'JS'
import mariadb from 'mariadb';
import mysql2 from 'mysql2/promise';

const server = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'root', database: 'd' };
const plain = await mysql2.createConnection(server);
const value = async () => (await plain.query('SELECT CAST(v AS CHAR) AS v FROM mark'))[0][0].v;
const id = 9007199254740993n;
for (const [name, library] of Object.entries({ mysql2, mariadb })) {
  const connection = await library.createConnection(server);
  for (const way of ['query', 'execute']) {
    await connection[way]('UPDATE mark SET v = ? + 1', [id]);
    const sum = await value();
    await plain.query('UPDATE mark SET v = 9007199254740992');
    await connection[way]('UPDATE mark SET v = GREATEST(v, ?)', [id]);
    console.log(`${name} ${way}: v = ? + 1 sets ${sum}, GREATEST(v, ?) makes ${await value()} of the number before it`);
  }
  await connection.end();
}
await plain.end();
JS
node try.mjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
mysql2 query: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
mysql2 execute: v = ? + 1 sets 9007199254740992, GREATEST(v, ?) makes 9007199254740992 of the number before it
mariadb query: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
mariadb execute: v = ? + 1 sets 9007199254740994, GREATEST(v, ?) makes 9007199254740993 of the number before it
SEEN
