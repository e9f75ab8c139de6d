#!/usr/bin/env bash
# MariaDB compares a BIGINT with an ID in quotes exactly in =, IN, CASE and BETWEEN, and as doubles in FIELD() and GREATEST().
#
# Guess: one rule for all: a constant in quotes becomes a number of the column's type, so FIELD(id, '…', '…') finds what IN finds.
# What was seen: FIELD takes two IDs above 2^53 that are neighbours for the same one as soon as its list is text, GREATEST answers the
#   rounded double, and without quotes both are right. A text parameter of a prepared statement is text, too. A user variable is compared
#   exactly by =, and not by FIELD.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01; the table holds …992 and …993:
#   id = '…993': 993
#   id IN ('…993', '1'): 993
#   CASE id WHEN '…993': 993
#   id BETWEEN '…993' AND '…999': 993
#   FIELD(id, '…993') > 0: 992,993
#   FIELD(id, ?) > 0, '…993' for it: 992,993
#   FIELD(id, …993) > 0: 993
#   ORDER BY FIELD(id, '…993', '…992'): 992,993
#   ORDER BY FIELD(id, …993, …992): 993,992
#   GREATEST(id, '…993') of …993: 9.007199254740992e15
# Why it matters here: drivers send 64-bit IDs as text so as not to round them, and ORDER BY FIELD is the usual way to get rows in the
#   order that was asked for. Rows found by IN then come in the wrong order, and whoever pairs them by place pairs the wrong ones.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (id BIGINT PRIMARY KEY); INSERT INTO d.t VALUES (9007199254740992), (9007199254740993)'
m=9007199254740993
e=9007199254740992
where() { echo "$1: $(sql d -e "SELECT GROUP_CONCAT(id % 1000 ORDER BY id) FROM t WHERE $2")"; }
order() { echo "$1: $(sql d -e "SELECT id % 1000 FROM t ORDER BY $2" | paste -sd,)"; }
{
  where "id = '…993'" "id = '$m'"
  where "id IN ('…993', '1')" "id IN ('$m', '1')"
  where "CASE id WHEN '…993'" "CASE id WHEN '$m' THEN TRUE END"
  where "id BETWEEN '…993' AND '…999'" "id BETWEEN '$m' AND '9007199254740999'"
  where "FIELD(id, '…993') > 0" "FIELD(id, '$m') > 0"
  sql d -e "SET @id = '$m'; PREPARE p FROM 'SELECT GROUP_CONCAT(id % 1000 ORDER BY id) FROM t WHERE FIELD(id, ?) > 0'; EXECUTE p USING @id" |
    sed "s/^/FIELD(id, ?) > 0, '…993' for it: /"
  where "FIELD(id, …993) > 0" "FIELD(id, $m) > 0"
  order "ORDER BY FIELD(id, '…993', '…992')" "FIELD(id, '$m', '$e')"
  order "ORDER BY FIELD(id, …993, …992)" "FIELD(id, $m, $e)"
  echo "GREATEST(id, '…993') of …993: $(sql d -e "SELECT GREATEST(id, '$m') FROM t WHERE id = $m")"
} | tee "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd' ')" = '993 993 993 993 992,993 992,993 993 992,993 993,992 9.007199254740992e15' ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
