#!/usr/bin/env bash
# MariaDB hands out the AUTO_INCREMENT numbers of a partition that was dropped or truncated a second time.
#
# Guess: the counter is the table's: it stays where it is when rows go, by DELETE, ALTER TABLE … FORCE or DROP PARTITION alike, and only
#   TRUNCATE TABLE starts anew, as its page says.
# What was seen: the counter of a partitioned table is the largest of its partitions' own. Drop or truncate the partition that holds the last
#   numbers, and the next row has the first of them again. DELETE of the same rows keeps it, and so does a rebuild.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01; rows 1 to 3 are of tenant 1, rows 4 to 6 of tenant 2:
#   DELETE WHERE tenant = 2: next is 7
#   DELETE, then ALTER TABLE FORCE: next is 7
#   TRUNCATE PARTITION p2: next is 4
#   DROP PARTITION p2: next is 4
#   EXCHANGE PARTITION p2 WITH an empty table: next is 4
# Why it matters here: log lines, caches and rows of other tables that name 4 to 6 now mean another tenant's row. An ID that no
#   table counts isn't handed out again.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d'
next() {
  sql d -e "CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT, tenant INT, PRIMARY KEY (id, tenant))
      PARTITION BY LIST (tenant) (PARTITION p1 VALUES IN (1), PARTITION p2 VALUES IN (2));
    CREATE OR REPLACE TABLE e (id BIGINT AUTO_INCREMENT, tenant INT, PRIMARY KEY (id, tenant));
    INSERT INTO t (tenant) VALUES (1), (1), (1); INSERT INTO t (tenant) VALUES (2), (2), (2); $2; INSERT INTO t (tenant) VALUES (1)" || exit 2
  echo "$1: next is $(sql d -e 'SELECT MAX(id) FROM t')"
}
{
  next 'DELETE WHERE tenant = 2' 'DELETE FROM t WHERE tenant = 2'
  next 'DELETE, then ALTER TABLE FORCE' 'DELETE FROM t WHERE tenant = 2; ALTER TABLE t FORCE'
  next 'TRUNCATE PARTITION p2' 'ALTER TABLE t TRUNCATE PARTITION p2'
  next 'DROP PARTITION p2' 'ALTER TABLE t DROP PARTITION p2'
  next 'EXCHANGE PARTITION p2 WITH an empty table' 'ALTER TABLE t EXCHANGE PARTITION p2 WITH TABLE e'
} | tee "$work/seen"
[ "$(sed 's/.* //' "$work/seen" | paste -sd' ')" = '7 7 4 4 4' ] || { echo "behaves otherwise now" >&2; exit 1; }
