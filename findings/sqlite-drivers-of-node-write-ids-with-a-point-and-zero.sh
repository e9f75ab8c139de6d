#!/usr/bin/env bash
# SQLite's drivers for Node make 'order:4294967296.0' of 'order:' || ? and a whole number; one does so from 2^31 on, another for each.
#
# Guess: a number without a fraction is bound as an integer, as SQLite has 64 bits for it, so a key built in SQL is that built outside.
# What was seen: sql.js binds integers up to 2^31 - 1 and doubles from there on, libsql doubles always. In a column that is INTEGER nothing
#   shows; in text, JSON and columns without a type it does. A BigInt is bound as an integer by both.
# Seen with sql.js 1.17.0, libsql 0.5.29, Node 20.20, 2026-12-01 (node:sqlite of Node 26.10 does as libsql):
#   sql.js, 2147483647: order:2147483647 {"id":2147483647}
#   sql.js, 2147483648: order:2147483648.0 {"id":2147483648.0}
#   sql.js, 2147483648n: order:2147483648 {"id":2147483648}
#   libsql, 2147483647: order:2147483647.0 {"id":2147483647.0}
#   libsql, 2147483648: order:2147483648.0 {"id":2147483648.0}
#   libsql, 2147483648n: order:2147483648 {"id":2147483648}
# Why it matters here: keys and JSON made in SQL carry another text for the ID once a tag passes 2^31. Bind IDs as BigInt or as text.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts sql.js@1.17.0 libsql@0.5.29 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const Database = require('libsql');

async function main() {
  const text = "SELECT 'order:' || ? AS key, json_object('id', ?) AS json";
  const SQL = await require('sql.js')();
  const first = new SQL.Database();
  const second = new Database(':memory:');
  const drivers = {
    'sql.js': (id) => first.exec(text, [id, id])[0].values[0],
    libsql: (id) => {
      const { key, json } = second.prepare(text).get(id, id);
      return [key, json];
    },
  };
  for (const [name, ask] of Object.entries(drivers)) {
    for (const id of [2147483647, 2147483648, 2147483648n]) {
      console.log(`${name}, ${id}${typeof id === 'bigint' ? 'n' : ''}: ${ask(id).join(' ')}`);
    }
  }
}

main();
JS
node try.cjs >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
sql.js, 2147483647: order:2147483647 {"id":2147483647}
sql.js, 2147483648: order:2147483648.0 {"id":2147483648.0}
sql.js, 2147483648n: order:2147483648 {"id":2147483648}
libsql, 2147483647: order:2147483647.0 {"id":2147483647.0}
libsql, 2147483648: order:2147483648.0 {"id":2147483648.0}
libsql, 2147483648n: order:2147483648 {"id":2147483648}
SEEN
