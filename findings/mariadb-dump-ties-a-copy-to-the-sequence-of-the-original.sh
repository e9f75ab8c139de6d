#!/usr/bin/env bash
# A copy of a database made by mariadb-dump draws its numbers from the sequence of the original, not from its own.
#
# Guess: a dump of one database without --databases names no database, so it can be read into another one: the copy has its own sequence, and
#   its tables' DEFAULT NEXTVAL(s) draws from that one.
# What was seen: the dump makes a sequence in the copy and sets it, and writes the default of the table as nextval(`original`.`s`). So the
#   copy raises the original's sequence, whose own stays unused, and once the original is dropped, no row can be added to the copy.
# Seen with MariaDB 10.11.19 (Debian 12), --skip-add-locks, 2026-12-01; the original's next number is 3:
#   the copy's default: nextval(`original`.`s`)
#   a row is added to the copy, its id: 3
#   the original's next number then: 4
#   the copy's own sequence: 1001
#   a row is added once the original is dropped: Table 'original.s' doesn't exist
# Why it matters here: a staging copy on the same server uses up production's numbers; a copy elsewhere fails at its first row.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e "CREATE DATABASE original; CREATE DATABASE copy; CREATE SEQUENCE original.s; USE original;
  CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s) PRIMARY KEY, name INT); INSERT INTO t (name) VALUES (1), (2)"
mariadb-dump --no-defaults --socket="$work/s.sock" --user=root --skip-add-locks original >"$work/dump.sql" && sql copy <"$work/dump.sql" || exit 1
{
  echo "the copy's default: $(sql -e 'SHOW CREATE TABLE copy.t' | grep -o 'nextval([^)]*)')"
  echo "a row is added to the copy, its id: $(sql copy -e 'INSERT INTO t (name) VALUES (3) RETURNING id')"
  echo "the original's next number then: $(sql -e 'SELECT NEXTVAL(original.s)')"
  echo "the copy's own sequence: $(sql -e 'SELECT NEXTVAL(copy.s)')"
  echo "a row is added once the original is dropped: $(sql -e 'DROP DATABASE original; INSERT INTO copy.t (name) VALUES (4)' 2>&1 | sed -n 's/^ERROR.*: //p')"
} | tee "$work/seen"
[ "$(sed 's/^[^:]*: //' "$work/seen" | paste -sd,)" = "nextval(\`original\`.\`s\`),3,4,1001,Table 'original.s' doesn't exist" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
