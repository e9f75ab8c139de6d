#!/usr/bin/env bash
# mysql2 and mariadb tell a negative insertId for a BIGINT UNSIGNED id from 2^63 on; the row that they read back has the right one.
#
# Guess: insertId above 2^53 is told exactly, as a string or BigInt; the field in the server's answer is an unsigned number.
# What was seen: it is exact up to 2^63. From there on mysql2 and mariadb take it for signed, with supportBigNumbers and bigNumberStrings as
#   without. The old package mysql tells the id. With its defaults mysql2's insertId of an id
#   above 2^53 is exact, and the id that it reads isn't.
# Seen with mysql2 3.24.6, mariadb 3.5.4, mysql 2.18.1 (npm), Node 20.20, MariaDB 10.11.19, 2026-12-01:
#   mysql2, id 9007199254740993: insertId 9007199254740993, read 9007199254740992
#   mysql2 bigNumberStrings, id 9007199254740993: insertId 9007199254740993, read 9007199254740993
#   mysql bigNumberStrings, id 9007199254740993: insertId 9007199254740993, read 9007199254740993
#   mariadb, id 9007199254740993: insertId 9007199254740993, read 9007199254740993
#   mysql2, id 9223372036854775900: insertId -9223372036854775716, read 9223372036854776000
#   mysql2 bigNumberStrings, id 9223372036854775900: insertId -9223372036854775716, read 9223372036854775900
#   mysql bigNumberStrings, id 9223372036854775900: insertId 9223372036854775900, read 9223372036854775900
#   mariadb, id 9223372036854775900: insertId -9223372036854775716, read 9223372036854775900
# Why it matters here: IDs of 64 bits with the top bit used (UUID_SHORT() of a server_id from 128 on, a snowflake with 42 bits of time, late) are
#   stored and read rightly, and only what is told after an insert names no row. A signed BIGINT refuses them at once.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 &&
  npm install --silent --no-audit --no-fund mysql2@3.24.6 mariadb@3.5.4 mysql@2.18.1 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY)'
cat >told.mjs <<'JS'
import { promisify } from 'node:util';
import * as mariadb from 'mariadb';
import mysql from 'mysql';
import mysql2 from 'mysql2/promise';

const where = { host: '127.0.0.1', port: Number(process.argv[2]), user: 'root', database: 'd' };
const strings = { ...where, supportBigNumbers: true, bigNumberStrings: true };
const second = await mysql2.createConnection(where);
const third = await mysql2.createConnection(strings);
const old = mysql.createConnection(strings);
const fourth = await mariadb.createConnection(where);
const drivers = {
  mysql2: async (statement) => (await second.query(statement))[0],
  'mysql2 bigNumberStrings': async (statement) => (await third.query(statement))[0],
  'mysql bigNumberStrings': promisify(old.query.bind(old)),
  mariadb: (statement) => fourth.query(statement),
};
for (const id of ['9007199254740993', '9223372036854775900']) {
  for (const [driver, query] of Object.entries(drivers)) {
    await query('DELETE FROM t');
    const { insertId } = await query(`INSERT INTO t VALUES (${id})`);
    const [row] = await query('SELECT id FROM t');
    console.log(`${driver}, id ${id}: insertId ${insertId}, read ${row.id}`);
  }
}
process.exit(0);
JS
node told.mjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
[ "$(sed 's/.*insertId \(.*\), read /\1 /' seen | paste -sd,)" = "9007199254740993 9007199254740992,9007199254740993 9007199254740993,9007199254740993 9007199254740993,9007199254740993 9007199254740993,-9223372036854775716 9223372036854776000,-9223372036854775716 9223372036854775900,9223372036854775900 9223372036854775900,-9223372036854775716 9223372036854775900" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
