#!/usr/bin/env bash
# MariaDB tells an updated row's id to the driver and not to LAST_INSERT_ID(), and LAST_INSERT_ID() in RETURNING is the row before's.
#
# Guess: the insert id in the answer (lastrowid, insertId) and SELECT LAST_INSERT_ID() after it are one number, told in two ways, and
#   INSERT … RETURNING LAST_INSERT_ID() is the id of the row that it returns.
# What was seen: an INSERT … ON DUPLICATE KEY UPDATE that updates the row 2 tells 2 in the answer, and LAST_INSERT_ID() stays what it was, here
#   4, the row inserted last. In RETURNING it is the number of the statement before, 0 on a new connection.
# Seen with MariaDB 10.11.19, PyMySQL 1.2.4, 2026-12-01:
#   insert: answer 4, LAST_INSERT_ID() 4
#   upsert that updates row 2: answer 2, LAST_INSERT_ID() 4
#   upsert that finds row 2 as it should be: answer 0, LAST_INSERT_ID() 4
#   INSERT … RETURNING id, LAST_INSERT_ID(): 7 4
#   the same on a new connection: 8 0
# Why it matters here: what reads the number by SQL (a stored procedure, a trigger, a migration) writes under the key of another row,
#   and tests of the application, which read the answer, don't show it. RETURNING id is right in all cases.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
python3 -m venv "$work/v" >/dev/null 2>&1 && "$work/v/bin/pip" -q install --disable-pip-version-check pymysql==1.2.4 >/dev/null 2>&1 || exit 2
cat >"$work/told.py" <<'PY'
import sys
import pymysql

connect = lambda: pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="root", database="d", autocommit=True)
one = connect().cursor()


def show(what, statement):
    one.execute(statement)
    told = one.lastrowid
    one.execute("SELECT LAST_INSERT_ID()")
    print(f"{what}: answer {told}, LAST_INSERT_ID() {one.fetchone()[0]}")


def returned(what, cursor, name):
    cursor.execute(f"INSERT INTO t (name) VALUES ('{name}') RETURNING id, LAST_INSERT_ID()")
    print(what + ":", *cursor.fetchone())


one.execute("CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) UNIQUE, n INT DEFAULT 0)")
one.execute("INSERT INTO t (name) VALUES ('a'), ('b'), ('c')")
show("insert", "INSERT INTO t (name) VALUES ('d')")
upsert = "INSERT INTO t (name) VALUES ('b') ON DUPLICATE KEY UPDATE n = 5"
show("upsert that updates row 2", upsert)
show("upsert that finds row 2 as it should be", upsert)
returned("INSERT … RETURNING id, LAST_INSERT_ID()", one, "e")
returned("the same on a new connection", connect().cursor(), "f")
PY
sql -e 'CREATE DATABASE d'
PYTHONIOENCODING=utf-8 "$work/v/bin/python" "$work/told.py" "$port" >"$work/seen" || exit 1
cat "$work/seen"
[ "$(grep -o '[0-9][0-9 ,A-Z_()]*$' "$work/seen" | tr -dc '0-9 \n' | tr -s ' ' | paste -sd,)" = '4 4,2 4,0 4,7 4,8 0' ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
