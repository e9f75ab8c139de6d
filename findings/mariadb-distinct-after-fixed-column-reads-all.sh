#!/usr/bin/env bash
# The names in a ledger, asked for by the second column of its key, cost MariaDB every row of the ledger.
#
# Guess: with PRIMARY KEY (scope, name, start) and `WHERE scope = 1`, `SELECT DISTINCT name` and `GROUP BY name` skip from name to
#   name (a loose index scan), as `GROUP BY scope, name` without a WHERE does: some 20 reads for 10 names.
# What was seen: DISTINCT and `GROUP BY name` read every row, although the WHERE fixes the column before. `GROUP BY scope, name`
#   with the same WHERE skips. The usual way round, a recursive query that asks for the next greater name, reads ten times the
#   whole table: its MIN is not answered from the key once the query around it is recursive.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-11-30:
#   no WHERE, GROUP BY scope, name: 10 names, 22 reads
#   DISTINCT name: 10 names, 20012 reads
#   GROUP BY name: 10 names, 20012 reads
#   GROUP BY scope, name: 10 names, 22 reads
#   recursive: 10 names, 200091 reads
# Why it matters here: a job that lists the tags of a ledger by DISTINCT reads the whole ledger each time, and one column more in
#   the GROUP BY, which changes nothing in the answer, makes it a thousandth.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e "CREATE DATABASE d; USE d; CREATE TABLE d.ledger (scope INT, name VARCHAR(16), start BIGINT, PRIMARY KEY (scope, name, start)) ENGINE=InnoDB;
  INSERT INTO d.ledger SELECT 1, CONCAT('name', seq MOD 10), seq FROM seq_1_to_20000;
  ANALYZE TABLE d.ledger;" >/dev/null
reads() {
  sql d -e "FLUSH STATUS; CREATE TEMPORARY TABLE n AS $2; SELECT COUNT(*) FROM n; SHOW SESSION STATUS LIKE 'Handler_read%'" |
    awk -v what="$1" 'NR == 1 { names = $1; next } { sum += $2 } END { print what ": " names " names, " sum " reads" }'
}
{
  reads 'no WHERE, GROUP BY scope, name' 'SELECT name FROM ledger GROUP BY scope, name'
  reads 'DISTINCT name' 'SELECT DISTINCT name FROM ledger WHERE scope = 1'
  reads 'GROUP BY name' 'SELECT name FROM ledger WHERE scope = 1 GROUP BY name'
  reads 'GROUP BY scope, name' 'SELECT name FROM ledger WHERE scope = 1 GROUP BY scope, name'
  reads 'recursive' 'WITH RECURSIVE r(name) AS (SELECT MIN(name) FROM ledger WHERE scope = 1 UNION ALL
    SELECT (SELECT MIN(l.name) FROM ledger l WHERE l.scope = 1 AND l.name > r.name) FROM r WHERE r.name IS NOT NULL)
    SELECT name FROM r WHERE name IS NOT NULL'
} | tee "$work/seen"
few() { grep -Eq "^$1: 10 names, [0-9]{1,3} reads" "$work/seen"; }
many() { grep -Eq "^$1: 10 names, [0-9]{5,6} reads" "$work/seen"; }
few 'no WHERE, GROUP BY scope, name' && few 'GROUP BY scope, name' && many 'DISTINCT name' && many 'GROUP BY name' && many 'recursive' || {
  echo "behaves otherwise now" >&2
  exit 1
}
