#!/usr/bin/env bash
# A tablespace of InnoDB that has reached its size lets no table go, so no statement makes room in it.
#
# Guess: when the file that all tables share is full (1114), DROP TABLE or TRUNCATE of the table that fills it makes room.
# What was seen: DELETE, TRUNCATE and DROP TABLE need room for undo in the same file, and fail as UPDATE and INSERT do.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-11-30:
#   UPDATE d.counters SET n = n + 1: ERROR 1114
#   DELETE FROM d.ballast LIMIT 1: ERROR 1114
#   TRUNCATE d.ballast: ERROR 1114
#   DROP TABLE d.ballast: ERROR 1114
# Why it matters here: `innodb_file_per_table = 0` with a `max` (or a full disk under ibdata1) stops all grants, and only a larger
#   file, which wants a restart with another innodb_data_file_path, brings them back.
set -uo pipefail
options='--innodb-file-per-table=0 --innodb-data-file-path=ibdata1:12M:autoextend:max:32M'
. "$(dirname "$0")/mariadb.sh"
sql -e "CREATE DATABASE d; CREATE TABLE d.ballast (bytes LONGBLOB) ENGINE=InnoDB; CREATE TABLE d.counters (n INT) ENGINE=InnoDB;
  INSERT INTO d.counters VALUES (1)"
for bytes in 1000000 100000 1000; do
  for _ in $(seq 200); do sql -e "INSERT INTO d.ballast VALUES (REPEAT('x', $bytes))" 2>/dev/null || break; done
done
for try in 'UPDATE d.counters SET n = n + 1' 'DELETE FROM d.ballast LIMIT 1' 'TRUNCATE d.ballast' 'DROP TABLE d.ballast'; do
  answer=$(sql -e "$try" 2>&1 | grep -o 'ERROR [0-9]*')
  echo "$try: ${answer:-done}"
done | tee "$work/seen"
[ "$(grep -c ': ERROR 1114$' "$work/seen")" = 4 ] || {
  echo "behaves otherwise now" >&2
  exit 1
}
