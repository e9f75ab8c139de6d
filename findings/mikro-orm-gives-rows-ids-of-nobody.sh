#!/usr/bin/env bash
# MikroORM gives an entity the id of no row when one of the entities flushed with it brought an id of its own.
#
# Guess: it knows the step (its ids are right with auto_increment_increment=3) and which entities had an id, so it reads back or counts only
#   where it can know; on MariaDB it asks by RETURNING.
# What was seen: one statement inserts them all, and the ids are counted on from the first, the one with its own id counted, too. The server's
#   counter has moved behind that id, so those after it are told a number that no row has yet and that another insert may get. Drivers mysql and
#   mariadb alike; the entity stays in the identity map under that number.
# Seen with @mikro-orm/mysql and @mikro-orm/mariadb 6.6.16, Node 20.20, MariaDB 10.11.19, 2026-12-01:
#   mysql, x y z: told x=1 y=2 z=3, rows x=1 y=2 z=3
#   mysql, x y=50 z: told x=1 y=50 z=3, rows x=1 y=50 z=51
#   mariadb, x y z: told x=1 y=2 z=3, rows x=1 y=2 z=3
#   mariadb, x y=50 z: told x=1 y=50 z=3, rows x=1 y=50 z=51
# Why it matters here: while a table moves from AUTO_INCREMENT to IDs drawn before the insert, some rows bring theirs and some don't. Move
#   all writers of a table at once, or flush the two kinds apart.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 &&
  npm install --silent --no-audit --no-fund --legacy-peer-deps @mikro-orm/core@6.6.16 @mikro-orm/mysql@6.6.16 @mikro-orm/mariadb@6.6.16 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d'
cat >told.mjs <<'JS'
import { EntitySchema } from '@mikro-orm/core';
import { MikroORM as MariaDB } from '@mikro-orm/mariadb';
import { MikroORM as MySQL } from '@mikro-orm/mysql';

const properties = { id: { type: 'bigint', primary: true, autoincrement: true }, name: { type: 'string' } };
const listed = (rows) => rows.map((row) => `${row.name}=${row.id}`).join(' ');
for (const [driver, ORM] of [['mysql', MySQL], ['mariadb', MariaDB]]) {
  const entities = [new EntitySchema({ name: 'Row', tableName: 't', properties })];
  const orm = await ORM.init({ entities, dbName: 'd', host: '127.0.0.1', port: Number(process.argv[2]), user: 'root', password: '' });
  for (const own of [undefined, '50']) {
    await orm.em.getConnection().execute('CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255))');
    const manager = orm.em.fork();
    const rows = [{ name: 'x' }, own ? { id: own, name: 'y' } : { name: 'y' }, { name: 'z' }].map((row) => manager.create('Row', row));
    await manager.flush();
    const kept = await orm.em.fork().find('Row', {}, { orderBy: { id: 'asc' } });
    console.log(`${driver}, x y${own ? `=${own}` : ''} z: told ${listed(rows)}, rows ${listed(kept)}`);
  }
  await orm.close();
}
process.exit(0);
JS
node told.mjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
[ "$(sed 's/.*: //' seen | sort | uniq -c | sed 's/^ *//' | paste -sd';')" = '2 told x=1 y=2 z=3, rows x=1 y=2 z=3;2 told x=1 y=50 z=3, rows x=1 y=50 z=51' ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
