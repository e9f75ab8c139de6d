#!/usr/bin/env bash
# TypeORM's save() inserts a row a second time if its bigint id is given in another JavaScript type than the driver reads it in.
#
# Guess: save() looks whether the row is there and updates it then, whichever way the id is written: 5, '5' or 5n are one key.
# What was seen: it reads the row, compares the ids as values of JavaScript, takes the row for a new one and sends INSERT: "Duplicate entry".
#   With bigNumberStrings a number is refused, without it a string is, if it is below 2^53; above, a string is right. A BigInt never is.
# Seen with typeorm 1.1.1, mysql2 3.24.6, Node 20.20, MariaDB 10.11.19, 2026-12-01, saved twice:
#   bigNumberStrings true: 5 ER_DUP_ENTRY, '6' updated, 7n ER_DUP_ENTRY, '9007199254740993' updated
#   bigNumberStrings false: 5 updated, '6' ER_DUP_ENTRY, 7n ER_DUP_ENTRY, '9007199254740993' updated
# Why it matters here: IDs arrive as strings of digits from JSON. A service whose rows are saved well with small ones, or with large ones, fails
#   with the others. Set bigNumberStrings and keep IDs as strings everywhere.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 &&
  npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps typeorm@1.1.1 mysql2@3.24.6 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d'
cat >try.cjs <<'JS'
const { DataSource, EntitySchema } = require('typeorm');

async function main() {
  for (const bigNumberStrings of [true, false]) {
    const Row = new EntitySchema({
      name: 'Row',
      tableName: bigNumberStrings ? 's' : 'n',
      columns: { id: { type: 'bigint', primary: true }, name: { type: String } },
    });
    const server = { type: 'mysql', host: '127.0.0.1', port: Number(process.argv[2]), username: 'root', database: 'd' };
    const options = { entities: [Row], synchronize: true, supportBigNumbers: true, bigNumberStrings };
    const source = await new DataSource({ ...server, ...options }).initialize();
    const rows = source.getRepository('Row');
    const told = [];
    for (const [text, id] of Object.entries({ 5: 5, "'6'": '6', '7n': 7n, "'9007199254740993'": '9007199254740993' })) {
      await rows.save({ id, name: 'first' });
      const outcome = await rows.save({ id, name: 'second' }).then(
        () => 'updated',
        (error) => error.code,
      );
      told.push(`${text} ${outcome}`);
    }
    console.log(`bigNumberStrings ${bigNumberStrings}: ${told.join(', ')}`);
    await source.destroy();
  }
}

main();
JS
node try.cjs "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
bigNumberStrings true: 5 ER_DUP_ENTRY, '6' updated, 7n ER_DUP_ENTRY, '9007199254740993' updated
bigNumberStrings false: 5 updated, '6' ER_DUP_ENTRY, 7n ER_DUP_ENTRY, '9007199254740993' updated
SEEN
