#!/usr/bin/env bash
# A number that a CTE or derived table of MariaDB draws for each row is drawn anew wherever it is named, and once for all in WHERE.
#
# Guess: WITH x AS (SELECT id, NEXTVAL(s) AS n FROM t) gives each row its number, and n is that number wherever x is read, as UUID() is.
# What was seen: the derived table is merged away, and each mention of n is a NEXTVAL of its own: header and line get two numbers. In WHERE
#   and GROUP BY one number is drawn for the whole statement. As soon as UUID() or a LIMIT stands beside it, the table is kept, and
#   n is one number. A view behaves as the CTE does. FROM dual, with no table, is not merged.
# Seen with MariaDB 10.11.19 (Debian 12), three rows in t, 2026-12-01:
#   CTE, n twice: 1 2, 3 4, 5 6
#   view, n twice: 7 8, 9 10, 11 12
#   CTE with UUID() beside it, n twice: 13 13, 14 14, 15 15
#   CTE with LIMIT, n twice: 16 16, 17 17, 18 18
#   CTE, WHERE n > 19, n once: none
#   numbers drawn by that: 1
#   CTE, GROUP BY n: 3 rows of one number
# Why it matters here: rows "numbered once" point at numbers that no row has, and an EXPLAIN that differs, or one more column, hides it.
#   Draw into a table first.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2), (3); CREATE SEQUENCE d.s;
  CREATE VIEW d.v AS SELECT id, NEXTVAL(d.s) AS n FROM d.t'
ask() { sql d -e "$1" | tr '\t' ' ' | paste -sd, | sed 's/,/, /g'; }
{
  echo "CTE, n twice: $(ask 'WITH x AS (SELECT id, NEXTVAL(s) AS n FROM t) SELECT n, n FROM x')"
  echo "view, n twice: $(ask 'SELECT n, n FROM v')"
  echo "CTE with UUID() beside it, n twice: $(ask 'WITH x AS (SELECT id, NEXTVAL(s) AS n, UUID() AS u FROM t) SELECT n, n FROM x')"
  echo "CTE with LIMIT, n twice: $(ask 'WITH x AS (SELECT id, NEXTVAL(s) AS n FROM t LIMIT 9) SELECT n, n FROM x')"
  found=$(ask 'WITH x AS (SELECT id, NEXTVAL(s) AS n FROM t) SELECT n FROM x WHERE n > 19')
  echo "CTE, WHERE n > 19, n once: ${found:-none}"
  echo "numbers drawn by that: $(($(ask 'SELECT NEXTVAL(s)') - 19))"
  echo "CTE, GROUP BY n: $(ask 'WITH x AS (SELECT id, NEXTVAL(s) AS n FROM t) SELECT COUNT(*) FROM x GROUP BY n') rows of one number"
} | tee "$work/seen"
diff "$work/seen" <(sed -n 's/^#   \(.*: .*\|.*drawn by that.*\)$/\1/p' "$0" | sed -n '/^CTE, n twice/,$p') >/dev/null ||
  { echo "behaves otherwise now" >&2; exit 1; }
