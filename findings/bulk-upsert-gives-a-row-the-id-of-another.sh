#!/usr/bin/env bash
# Sequelize and TypeORM give an object the id of another row when a bulk insert met a row that was there already; Drizzle tells one more.
#
# Guess: of two objects, one there already and one new, the first keeps the id of its row or has none, and the second has its new id.
# What was seen: the server tells one id for the whole statement, that of the new row, and it is given to the first object. The second has
#   none, or the number after it, which no row has. Drizzle counts an updated row twice, as the server does, and tells three ids for two rows.
#   TypeORM's driver `mariadb` gives the new id to the first object, too: it reads it back, but not for whom.
# Seen with sequelize 6.37.8, typeorm 1.1.1, drizzle-orm 0.45.4, mysql2 3.24.6, mariadb 3.5.4 (npm), Node 20.20, MariaDB 10.11.19,
#   2026-11-30:
#   Sequelize updateOnDuplicate: told old=3 new=4, rows old=1 new=3
#   TypeORM mysql orIgnore: told old=3 new=4, rows old=1 new=3
#   TypeORM mariadb orIgnore: told old=3 new=undefined, rows old=1 new=3
#   Drizzle onDuplicateKeyUpdate: told 3 4 5, rows old=1 new=3
# Why it matters here: no error, no missing row, only references to the wrong one; a table of one test row never shows it. IDs drawn
#   before the insert are not guessed back.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 &&
  npm install --silent --no-audit --no-fund --legacy-peer-deps sequelize@6.37.8 typeorm@1.1.1 drizzle-orm@0.45.4 mysql2@3.24.6 \
    mariadb@3.5.4 reflect-metadata@0.2.2 >/dev/null 2>&1 || exit 2
cat >told.mjs <<'JS'
import 'reflect-metadata';
import { bigint, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2/promise';
import sequelize from 'sequelize';
import typeorm from 'typeorm';

const where = { host: '127.0.0.1', port: Number(process.argv[2]), database: 'd' };
const pool = mysql.createPool({ ...where, user: 'root' });
const two = () => [{ name: 'old', n: 7 }, { name: 'new', n: 7 }];
const named = (ids) => `old=${ids[0]?.id} new=${ids[1]?.id}`;

async function show(who, insert, told = named) {
  await pool.query('CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) UNIQUE, n INT)');
  await pool.query("INSERT INTO t (name) VALUES ('old')");
  await pool.query("INSERT IGNORE INTO t (name) VALUES ('old')");
  const ids = await insert();
  const [rows] = await pool.query('SELECT id, name FROM t ORDER BY id');
  console.log(`${who}: told ${told(ids)}, rows ${rows.map((one) => `${one.name}=${one.id}`).join(' ')}`);
}

const orm = new sequelize.Sequelize('d', 'root', '', { ...where, dialect: 'mysql', logging: false });
const { BIGINT, INTEGER, STRING } = sequelize.DataTypes;
const id = { type: BIGINT, autoIncrement: true, primaryKey: true };
const model = orm.define('t', { id, name: STRING, n: INTEGER }, { timestamps: false, tableName: 't' });
await show('Sequelize updateOnDuplicate', () => model.bulkCreate(two(), { updateOnDuplicate: ['n'] }));
for (const type of ['mysql', 'mariadb']) {
  const columns = { id: { type: 'bigint', primary: true, generated: 'increment' }, name: { type: 'varchar' }, n: { type: 'int' } };
  const entity = new typeorm.EntitySchema({ name: 't', tableName: 't', columns });
  const source = await new typeorm.DataSource({ ...where, type, username: 'root', entities: [entity] }).initialize();
  const insert = () => source.createQueryBuilder().insert().into(entity).values(two()).orIgnore().execute();
  await show(`TypeORM ${type} orIgnore`, async () => (await insert()).identifiers);
}
const columns = { id: bigint({ mode: 'number' }).autoincrement().primaryKey(), name: varchar({ length: 9 }), n: bigint({ mode: 'number' }) };
const insert = () => drizzle({ client: pool }).insert(mysqlTable('t', columns)).values(two());
const upsert = () => insert().onDuplicateKeyUpdate({ set: { n: 7 } }).$returningId();
await show('Drizzle onDuplicateKeyUpdate', upsert, (ids) => ids.map((one) => one.id).join(' '));
process.exit(0);
JS
sql -e 'CREATE DATABASE d'
node told.mjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
[ "$(cat seen)" = "$(printf '%s\n' 'Sequelize updateOnDuplicate: told old=3 new=4, rows old=1 new=3' \
  'TypeORM mysql orIgnore: told old=3 new=4, rows old=1 new=3' \
  'TypeORM mariadb orIgnore: told old=3 new=undefined, rows old=1 new=3' \
  'Drizzle onDuplicateKeyUpdate: told 3 4 5, rows old=1 new=3')" ]
