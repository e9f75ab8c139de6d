#!/usr/bin/env bash
# SELECT … FROM a CTE or derived table … FOR UPDATE locks no row in MariaDB; from a view of the same text it does.
#
# Guess: FOR UPDATE locks the rows that the statement reads. MariaDB merges a CTE, a derived table and a view into the statement that
#   reads them, so all three are locked, as PostgreSQL locks them for views and subqueries.
# What was seen: only tables that the statement names itself, and views, are locked. A CTE or derived table, merged or not, is read from
#   a snapshot without a lock, and no warning says so; SKIP LOCKED skips nothing then. FOR UPDATE inside of it does lock.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01; what another session sees while the statement's transaction is open:
#   FROM job: locked
#   FROM view: locked
#   FROM (SELECT …): free
#   WITH x AS (SELECT …): free
#   IN (SELECT …): free
#   WITH x AS (SELECT … FOR UPDATE): locked
#   two workers claim by WITH … FOR UPDATE SKIP LOCKED: 1 1
#   two workers claim by FOR UPDATE SKIP LOCKED inside: 1 2
# Why it matters here: "take the next free number" written as WITH next AS (…) SELECT … FOR UPDATE SKIP LOCKED gives one number to two.
#   Query builders put the clause outside.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d; CREATE TABLE d.job (id INT PRIMARY KEY, done INT); INSERT INTO d.job VALUES (1, 0), (2, 0);
  CREATE TABLE d.other (id INT PRIMARY KEY); INSERT INTO d.other VALUES (1); CREATE VIEW d.v AS SELECT * FROM d.job WHERE id = 1'
# What a second session answers while a first one has run a statement and not ended its transaction.
while_open() {
  coproc first { sql --unbuffered d 2>&1; }
  local to=${first[1]} from=${first[0]} pid=$first_PID line
  echo "BEGIN; $1; SELECT 'ready';" >&"$to"
  while read -r line <&"$from" && [ "$line" != ready ]; do echo "$line" >"$work/first"; done
  sql d -e "$2" 2>&1
  eval "exec $to>&-"
  wait "$pid" 2>/dev/null
}
held() {
  local answer
  answer=$(while_open "$2" 'SELECT id FROM job WHERE id = 1 FOR UPDATE NOWAIT')
  case "$answer" in 1) echo "$1: free" ;; *1205*) echo "$1: locked" ;; *) echo "$1: $answer" ;; esac
}
claim() {
  local second
  second=$(while_open "$2" "$2")
  echo "$1: $(cat "$work/first") $second"
}
{
  held 'FROM job' 'SELECT * FROM job WHERE id = 1 FOR UPDATE'
  held 'FROM view' 'SELECT * FROM v FOR UPDATE'
  held 'FROM (SELECT …)' 'SELECT * FROM (SELECT * FROM job WHERE id = 1) x FOR UPDATE'
  held 'WITH x AS (SELECT …)' 'WITH x AS (SELECT * FROM job WHERE id = 1) SELECT * FROM x FOR UPDATE'
  held 'IN (SELECT …)' 'SELECT * FROM other WHERE id IN (SELECT id FROM job WHERE id = 1) FOR UPDATE'
  held 'WITH x AS (SELECT … FOR UPDATE)' 'WITH x AS (SELECT * FROM job WHERE id = 1 FOR UPDATE) SELECT * FROM x'
  claim 'two workers claim by WITH … FOR UPDATE SKIP LOCKED' 'WITH x AS (SELECT id FROM job ORDER BY id LIMIT 1) SELECT id FROM x FOR UPDATE SKIP LOCKED'
  claim 'two workers claim by FOR UPDATE SKIP LOCKED inside' 'WITH x AS (SELECT id FROM job ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) SELECT id FROM x'
} >"$work/seen"
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd,)" = 'locked,locked,free,free,free,locked,1 1,1 2' ] || { echo "behaves otherwise now" >&2; exit 1; }
