#!/usr/bin/env bash
# A MariaDB that starts deletes the temporary tables of another one that runs, if both have the same tmpdir, whose statements then fail.
#
# Guess: names of temporary files have the process's id in them, so that servers can share /tmp, and a start removes leftovers of its own.
# What was seen: a start deletes each file in tmpdir whose name begins with #sql. Tables that the other one keeps there for its
#   connections and statements are gone. It goes on running, and says "Error on delete" or "Can't find file" to whoever uses them.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01; tmpdir is the default for both, by TMPDIR:
#   files of its temporary table: 2; once another has its data: 2; once that one runs: 0
#   ERROR 6 (HY000) at line 3: Error on delete of 'TMPDIR/#sql-temptable….MYI' (Errcode: 2 "No such file or directory")
#   the first still runs
# Why it matters here: two instances on one host, or tests that start a server each, fail now and then with errors that name a file and no
#   cause. Each needs a tmpdir of its own.
set -uo pipefail
shared=$(mktemp -d)
export TMPDIR=$shared
. "$(dirname "$0")/mariadb.sh"
second=
trap 'exec 3>&-; [ -n "$second" ] && kill "$second" 2>/dev/null && wait "$second" 2>/dev/null; finish; rm -rf "$shared"' EXIT
files() { find "$shared" -maxdepth 1 -name '#sql*' | wc -l; }
sql -e 'CREATE DATABASE IF NOT EXISTS test'
mkfifo "$work/session"
mariadb --no-defaults --socket="$work/s.sock" --user=root -BN --force --unbuffered <"$work/session" >"$work/said" 2>&1 &
exec 3>"$work/session"
echo 'CREATE TEMPORARY TABLE test.ids (id BIGINT UNSIGNED) ENGINE=MyISAM; INSERT INTO test.ids VALUES (1), (2), (3);' >&3
echo 'FLUSH TABLES; SELECT COUNT(*), "before" FROM test.ids;' >&3
until grep -q before "$work/said"; do kill -0 "$server" || exit 2; sleep 0.1; done
before=$(files)
mariadb-install-db --no-defaults --datadir="$work/second" --auth-root-authentication-method=normal --skip-test-db \
  --skip-name-resolve "${root[@]}" --tmpdir="$work" >/dev/null 2>&1 || exit 2
kept=$(files)
mariadbd --no-defaults --datadir="$work/second" --skip-networking --socket="$work/2.sock" --pid-file="$work/2.pid" \
  "${root[@]}" >"$work/log2" 2>&1 &
second=$!
until mariadb --no-defaults --socket="$work/2.sock" --user=root -e 'SELECT 1' >/dev/null 2>&1; do kill -0 "$second" || exit 2; sleep 0.1; done
{
  echo "files of its temporary table: $before; once another has its data: $kept; once that one runs: $(files)"
  echo 'ALTER TABLE test.ids ADD COLUMN tag INT; SELECT "done";' >&3
  until grep -q done "$work/said"; do kill -0 "$server" || exit 2; sleep 0.1; done
  grep ERROR "$work/said" | sed "s#$shared#TMPDIR#g; s/#sql-temptable[^.]*/#sql-temptable…/g"
  mariadb --no-defaults --socket="$work/s.sock" --user=root -BN -e 'SELECT "the first still runs"'
} | tee "$work/seen"
[ "$(cut -d: -f1-4 "$work/seen" | head -1)" = 'files of its temporary table: 2; once another has its data: 2; once that one runs: 0' ] &&
  grep -q 'Error on delete' "$work/seen" && grep -q 'still runs' "$work/seen" || {
  echo "behaves otherwise now" >&2
  exit 1
}
