#!/usr/bin/env bash
# MariaDB's GET_LOCK('Nightly') and GET_LOCK('nightly') are two locks, although its page says that the name is case insensitive.
#
# Guess: one lock: the page of GET_LOCK says "case insensitive", MySQL lowers the name, and names of both servers' tables and columns in
#   a case-insensitive collation are alike.
# What was seen: two sessions hold the two spellings at once, RELEASE_LOCK with the other spelling answers NULL and releases nothing, and
#   IS_FREE_LOCK says free.
# Seen with MariaDB 10.11.19 (Debian 12), utf8mb4_general_ci, 2026-12-01, while one session holds 'nightly':
#   another session, GET_LOCK('nightly', 0): 0
#   another session, GET_LOCK('Nightly', 0): 1
#   IS_FREE_LOCK('NIGHTLY'): 1
#   the holder, RELEASE_LOCK('NIGHTLY'): NULL
# Why it matters here: a lock named after a tag, whose rows are found by a case-insensitive collation, is not one lock: 'Orders' and 'orders'
#   draw from one counter at once. Lower the name, or hash what the column's collation makes of it.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
coproc holder { sql --unbuffered 2>&1; }
to=${holder[1]} from=${holder[0]}
ask() { echo "$1;" >&"$to"; read -r answer <&"$from"; }
ask "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; SELECT GET_LOCK('nightly', 0)"
[ "$answer" = 1 ] || exit 2
other() { echo "$1: $(sql -e "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; SELECT ${1#another session, }")"; }
{
  other "another session, GET_LOCK('nightly', 0)"
  other "another session, GET_LOCK('Nightly', 0)"
  other "IS_FREE_LOCK('NIGHTLY')"
  ask "SELECT RELEASE_LOCK('NIGHTLY')"
  echo "the holder, RELEASE_LOCK('NIGHTLY'): $answer"
} >"$work/seen"
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd' ')" = '0 1 1 NULL' ] || { echo "behaves otherwise now" >&2; exit 1; }
