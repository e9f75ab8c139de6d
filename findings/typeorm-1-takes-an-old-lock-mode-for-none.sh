#!/usr/bin/env bash
# TypeORM 1 reads without any lock where TypeORM 0.3 locked: 'pessimistic_partial_write' and 'pessimistic_write_or_fail' are passed over.
#
# Guess: a lock mode that the library doesn't have, or no longer has, is refused: 'for_key_share' on MySQL is, "Locking not supported on given driver".
# What was seen: any mode but those it knows makes a plain SELECT, by find() as by the query builder, with no error. 0.3 sent FOR UPDATE SKIP
#   LOCKED and FOR UPDATE NOWAIT for the two. TypeScript tells, if nothing is cast; JavaScript, or a mode out of a setting, doesn't.
# Seen with typeorm 0.3.27 and 1.1.1, mysql2 3.24.6 (npm), Node 20.20, MariaDB 10.11.19, 2026-12-01; what another session sees:
#   0.3.27 pessimistic_write: locked
#   0.3.27 pessimistic_partial_write: locked
#   0.3.27 pessimistic_write_or_fail: locked
#   1.1.1 pessimistic_write: locked
#   1.1.1 pessimistic_partial_write: free
#   1.1.1 pessimistic_write_or_fail: free
#   1.1.1 pesimistic_write: free
#   1.1.1 for_key_share: Locking not supported on given driver.
# Why it matters here: a queue whose workers claim by SKIP LOCKED, and a counter read "or fail", go on after the upgrade, and two get one number.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
for version in 0.3.27 1.1.1; do
  mkdir "$work/$version" && cd "$work/$version" && npm init -y >/dev/null 2>&1 &&
    npm install --silent --no-audit --no-fund --legacy-peer-deps typeorm@$version mysql2@3.24.6 reflect-metadata@0.2.2 >/dev/null 2>&1 || exit 2
done
sql -e 'CREATE DATABASE d; CREATE TABLE d.job (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT); INSERT INTO d.job VALUES (1, 7)'
cat >"$work/held.cjs" <<'JS'
const [, , version, port, ...modes] = process.argv;
const load = (name) => require(require.resolve(name, { paths: [process.cwd()] }));
load('reflect-metadata');
const typeorm = load('typeorm');
const mysql = load('mysql2/promise');
const where = { host: '127.0.0.1', port: Number(port), database: 'd' };
const columns = { id: { type: 'bigint', primary: true, generated: 'increment' }, n: { type: 'int' } };
const job = new typeorm.EntitySchema({ name: 'job', tableName: 'job', columns });

async function seen(manager, mode) {
  await manager.getRepository(job).createQueryBuilder('j').setLock(mode).where('j.id = 1').getMany();
  await manager.getRepository(job).find({ where: { id: 1 }, lock: { mode } });
  const other = await mysql.createConnection({ ...where, user: 'root' });
  const answer = await other.query('SELECT * FROM job WHERE id = 1 FOR UPDATE NOWAIT').then(() => 'free', (error) => error.errno === 1205 ? 'locked' : error);
  await other.end();
  return answer;
}

(async () => {
  const source = await new typeorm.DataSource({ ...where, type: 'mysql', username: 'root', entities: [job] }).initialize();
  for (const mode of modes) {
    const answer = await source.transaction((manager) => seen(manager, mode)).catch((error) => error.message);
    console.log(`${version} ${mode}: ${answer}`);
  }
  process.exit(0);
})();
JS
modes='pessimistic_write pessimistic_partial_write pessimistic_write_or_fail'
{
  cd "$work/0.3.27" && node ../held.cjs 0.3.27 "$port" $modes
  cd "$work/1.1.1" && node ../held.cjs 1.1.1 "$port" $modes pesimistic_write for_key_share
} >"$work/seen" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd,)" = 'locked,locked,locked,locked,free,free,free,Locking not supported on given driver.' ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
