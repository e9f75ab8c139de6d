#!/usr/bin/env bash
# MariaDB's sql_mode=ORACLE draws two numbers where Oracle draws one: s.nextval twice in a row.
#
# Guess: in ORACLE mode `s.nextval` has Oracle's meaning (and the SQL standard's, Db2's, SQL Server's): one number for each row,
#   however often it is named in it, so `VALUES (s.nextval, s.nextval)` writes a row that points to itself.
# What was seen: each mention draws anew. A column's own DEFAULT NEXTVAL(s) is drawn after the values of the row, so that
#   LASTVAL(s) in it is the number of the row before. A derived table that draws once gives one number to all that name it.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-11-30:
#   SELECT s.nextval, s.nextval: 1 2
#   INSERT (s.nextval, s.nextval): 3 4
#   INSERT (s.nextval, s.currval): 5 5
#   DEFAULT NEXTVAL(s) beside LASTVAL(s): 6 5
#   SELECT n, n FROM (SELECT s.nextval AS n FROM dual) x: 7 7
# Why it matters here: a move from Oracle gives roots of trees, and shared numbers of header and line, another row's parent.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d; CREATE SEQUENCE d.s; CREATE TABLE d.node (id BIGINT PRIMARY KEY, parent BIGINT);
  CREATE TABLE d.own (id BIGINT DEFAULT NEXTVAL(d.s) PRIMARY KEY, before_it BIGINT)'
# One connection for all: LASTVAL is a connection's.
sql d >"$work/answers" <<'SQL'
SET sql_mode = ORACLE;
SELECT 'SELECT s.nextval, s.nextval:', s.nextval, s.nextval;
INSERT INTO node VALUES (s.nextval, s.nextval);
SELECT 'INSERT (s.nextval, s.nextval):', id, parent FROM node WHERE id = 3;
INSERT INTO node VALUES (s.nextval, s.currval);
SELECT 'INSERT (s.nextval, s.currval):', id, parent FROM node WHERE id = 5;
INSERT INTO own (before_it) VALUES (LASTVAL(s));
SELECT 'DEFAULT NEXTVAL(s) beside LASTVAL(s):', id, before_it FROM own;
SELECT 'SELECT n, n FROM (SELECT s.nextval AS n FROM dual) x:', n, n FROM (SELECT s.nextval AS n FROM dual) x;
SQL
tr '\t' ' ' <"$work/answers" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(printf '%s\n' 'SELECT s.nextval, s.nextval: 1 2' 'INSERT (s.nextval, s.nextval): 3 4' 'INSERT (s.nextval, s.currval): 5 5' \
  'DEFAULT NEXTVAL(s) beside LASTVAL(s): 6 5' 'SELECT n, n FROM (SELECT s.nextval AS n FROM dual) x: 7 7')" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
