#!/usr/bin/env bash
# MariaDB's JSON_CONTAINS and JSON_OVERLAPS find a 64-bit ID in a list that holds only its neighbour.
#
# Guess: integers of 64 bits are compared as integers by all JSON functions: JSON_EXTRACT() = n, JSON_VALUE and JSON_TABLE do so.
# What was seen: JSON_CONTAINS and JSON_OVERLAPS compare numbers as doubles: above 2^53 they take 2, above 2^62 1,024 IDs for one. JSON_EQUALS
#   and JSON_EXTRACT() = n are exact, and so are both functions if the IDs are strings in the document.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01; the list holds …993 only, and …992 is asked for:
#   JSON_CONTAINS 1
#   JSON_OVERLAPS 1
#   JSON_CONTAINS, in an object 1
#   JSON_CONTAINS, both strings 0
#   JSON_EQUALS 0
#   JSON_EXTRACT = n 0
#   n IN (JSON_TABLE) 0
#   JSON_CONTAINS above 2^62, off by 500 1
# Why it matters here: "may this user see it", "is it in the cart" and the like say yes for an ID of somebody else, and IDs of one
#   millisecond are such neighbours. IDs as strings are compared rightly.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql >"$work/answers" <<'SQL' || exit 2
SELECT 'JSON_CONTAINS', JSON_CONTAINS('[9007199254740993]', '9007199254740992');
SELECT 'JSON_OVERLAPS', JSON_OVERLAPS('[9007199254740993]', '[9007199254740992]');
SELECT 'JSON_CONTAINS, in an object', JSON_CONTAINS('{"id": 9007199254740993, "n": 1}', '{"id": 9007199254740992}');
SELECT 'JSON_CONTAINS, both strings', JSON_CONTAINS('["9007199254740993"]', '"9007199254740992"');
SELECT 'JSON_EQUALS', JSON_EQUALS('[9007199254740993]', '[9007199254740992]');
SELECT 'JSON_EXTRACT = n', JSON_EXTRACT('[9007199254740993]', '$[0]') = 9007199254740992;
SELECT 'n IN (JSON_TABLE)', 9007199254740992 IN (SELECT id FROM JSON_TABLE('[9007199254740993]', '$[*]' COLUMNS (id BIGINT PATH '$')) x);
SELECT 'JSON_CONTAINS above 2^62, off by 500', JSON_CONTAINS('[4611686018427388404]', '4611686018427387904');
SQL
tr '\t' ' ' <"$work/answers" | tee "$work/seen"
[ "$(sed 's/.* //' "$work/seen" | paste -sd' ')" = '1 1 1 0 0 0 0 1' ] || { echo "behaves otherwise now" >&2; exit 1; }
