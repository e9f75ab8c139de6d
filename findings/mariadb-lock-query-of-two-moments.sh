#!/usr/bin/env bash
# MariaDB answers a locking query that waited for its row from two moments.
#
# Guess: `SELECT n, (SELECT …) FROM t … FOR UPDATE` under READ COMMITTED, having waited for the row, answers all of it from after
#   the wait, as MySQL does.
# What was seen: the locked row from after the wait, the scalar subquery of the same statement from before it.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-11-29:
#   waited: 2 old
#   second statement: 2 new
# Why it matters here: a counter and what has to agree with it (the end of its ledger) must not be read together.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e "CREATE DATABASE d; CREATE TABLE d.counter (id INT PRIMARY KEY, n INT) ENGINE=InnoDB;
  CREATE TABLE d.ledger (id INT PRIMARY KEY, word VARCHAR(8)) ENGINE=InnoDB;
  INSERT INTO d.counter VALUES (1, 1); INSERT INTO d.ledger VALUES (1, 'old');"
mkfifo "$work/holder"
sql d <"$work/holder" &
exec 3>"$work/holder"
echo "START TRANSACTION; SELECT n FROM counter WHERE id = 1 FOR UPDATE;" >&3
waits() { [ "$(sql -e "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'" | cut -f2)" = 1 ]; }
sleep 0.5
sql d -e "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION;
  SELECT CONCAT('waited: ', n, ' ', (SELECT word FROM ledger WHERE id = 1)) FROM counter WHERE id = 1 FOR UPDATE;
  SELECT CONCAT('second statement: ', n, ' ', (SELECT word FROM ledger WHERE id = 1)) FROM counter WHERE id = 1;" >"$work/seen" &
asker=$!
for _ in $(seq 100); do waits && break; sleep 0.1; done
waits || { echo "nobody waits for the row" >&2; exit 2; }
echo "UPDATE counter SET n = 2 WHERE id = 1; UPDATE ledger SET word = 'new' WHERE id = 1; COMMIT;" >&3
exec 3>&-
wait "$asker"
cat "$work/seen"
[ "$(cat "$work/seen")" = "$(printf 'waited: 2 old\nsecond statement: 2 new')" ]
