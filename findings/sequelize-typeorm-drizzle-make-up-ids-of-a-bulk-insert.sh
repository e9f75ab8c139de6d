#!/usr/bin/env bash
# Sequelize, TypeORM and Drizzle make up the IDs of a bulk insert: first + 0, 1, 2, whatever auto_increment_increment is.
#
# Guess: bulkCreate() and its kin give each object the id of its row, read back or worked out with the step that the server tells in
#   @@auto_increment_increment.
# What was seen: the server tells the first id only, and they count on by 1. With a step of 3 (a Galera cluster sets its number of nodes,
#   Group Replication sets 7) the first id is right, and the others belong to no row, or to one that another node will insert.
#   TypeORM's driver `mariadb` asks by RETURNING and is right; Sequelize's dialect `mariadb` isn't.
# Seen with sequelize 6.37.8, typeorm 1.1.1, drizzle-orm 0.45.4, mysql2 3.24.6, mariadb 3.5.4 (npm), Node 20.20, MariaDB 10.11.19,
#   2026-11-30:
#   Sequelize mysql: told 1 2 3, rows 1 4 7
#   Sequelize mariadb: told 1 2 3, rows 1 4 7
#   TypeORM mysql: told 1 2 3, rows 1 4 7
#   TypeORM mariadb: told 1 4 7, rows 1 4 7
#   Drizzle mysql2: told 1 2 3, rows 1 4 7
# Why it matters here: it passes every test on one server. Foreign keys written after it point at rows of somebody else; an ID drawn
#   before the insert, as from the agent, is the row's own.
set -uo pipefail
options=--auto-increment-increment=3
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
const three = () => ['x', 'y', 'z'].map((name) => ({ name }));

async function show(who, insert) {
  await pool.query('CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9))');
  const told = await insert();
  const [rows] = await pool.query('SELECT id FROM t ORDER BY id');
  console.log(`${who}: told ${told.map((one) => one.id).join(' ')}, rows ${rows.map((one) => one.id).join(' ')}`);
}

for (const dialect of ['mysql', 'mariadb']) {
  const orm = new sequelize.Sequelize('d', 'root', '', { ...where, dialect, logging: false });
  const id = { type: sequelize.DataTypes.BIGINT, autoIncrement: true, primaryKey: true };
  const model = orm.define('t', { id, name: sequelize.DataTypes.STRING }, { timestamps: false, tableName: 't' });
  await show(`Sequelize ${dialect}`, () => model.bulkCreate(three()));
}
for (const type of ['mysql', 'mariadb']) {
  const columns = { id: { type: 'bigint', primary: true, generated: 'increment' }, name: { type: 'varchar' } };
  const entity = new typeorm.EntitySchema({ name: 't', tableName: 't', columns });
  const source = await new typeorm.DataSource({ ...where, type, username: 'root', entities: [entity] }).initialize();
  await show(`TypeORM ${type}`, async () => (await source.getRepository(entity).insert(three())).identifiers);
}
const table = mysqlTable('t', { id: bigint({ mode: 'number' }).autoincrement().primaryKey(), name: varchar({ length: 9 }) });
await show('Drizzle mysql2', () => drizzle({ client: pool }).insert(table).values(three()).$returningId());
process.exit(0);
JS
sql -e 'CREATE DATABASE d'
node told.mjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
wrong='told 1 2 3, rows 1 4 7'
[ "$(cat seen)" = "$(printf '%s\n' "Sequelize mysql: $wrong" "Sequelize mariadb: $wrong" "TypeORM mysql: $wrong" \
  'TypeORM mariadb: told 1 4 7, rows 1 4 7' "Drizzle mysql2: $wrong")" ]
