#!/usr/bin/env bash
# information_schema.innodb_trx, polled fast, never shows a transaction that waits.
#
# Guess: who polls `information_schema.innodb_trx` every few milliseconds sees a transaction in LOCK WAIT soon after it begins to wait.
# What was seen: while it is polled without a pause of 0.1 s it is answered from a cache, and the waiting transaction does not show for
#   as long as one polls. After half a second without a question it shows at once. The status variable
#   Innodb_row_lock_current_waits tells at once, however often it is asked.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-11-29:
#   polled fast for 3 s: 0 of them showed the wait
#   status variable: 1
#   after a pause: 1
# Why it matters here: a test that waits for a row lock this way waits for ever.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO d.t VALUES (1);"
cat >"$work/poll.sql" <<'SQL'
DELIMITER //
CREATE PROCEDURE d.poll() BEGIN
  DECLARE until_s DOUBLE DEFAULT UNIX_TIMESTAMP(NOW(6)) + 3;
  DECLARE seen INT DEFAULT 0;
  DECLARE waiting INT;
  WHILE UNIX_TIMESTAMP(SYSDATE(6)) < until_s DO
    SELECT COUNT(*) INTO waiting FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT';
    SET seen = seen + waiting;
    DO SLEEP(0.005);
  END WHILE;
  SELECT CONCAT('polled fast for 3 s: ', seen, ' of them showed the wait');
END //
SQL
sql d <"$work/poll.sql"
mkfifo "$work/holder"
sql d <"$work/holder" >/dev/null &
exec 3>"$work/holder"
echo "START TRANSACTION; SELECT id FROM t WHERE id = 1 FOR UPDATE;" >&3
sleep 0.5
sql d -e "CALL poll()" >"$work/polled" &
poller=$!
sleep 0.3
sql d -e "SET innodb_lock_wait_timeout = 10; SELECT id FROM t WHERE id = 1 FOR UPDATE" >/dev/null 2>&1 &
wait "$poller"
cat "$work/polled"
current=$(sql -e "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'" | cut -f2)
echo "status variable: $current"
sleep 0.5
later=$(sql -e "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
echo "after a pause: $later"
exec 3>&-
[ "$(cat "$work/polled")" = 'polled fast for 3 s: 0 of them showed the wait' ] && [ "$current" = 1 ] && [ "$later" = 1 ]
