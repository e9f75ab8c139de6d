#!/usr/bin/env bash
# MariaDB takes a neighbouring ID for the one asked for in `(n, id) IN (…)` with two pairs or more, if the IDs are sent as text.
#
# Guess: a BIGINT beside a constant text is compared as an integer, in a list of pairs as in `id = '…'` and `id IN ('…', '…')`.
# What was seen: single columns are compared exactly, so are one pair, and pairs joined by OR. Only a list of two or more pairs compares as
#   doubles, where the other types of the list are texts as well: rows of two IDs come back for one, and an UPDATE changes both. Numbers
#   without quotes are exact. Signed or not, and with or without a key.
# Seen with MariaDB 10.11.19 (Debian 12), 2026-12-01, asked for 9007199254740993:
#   id IN, texts: 9007199254740993
#   one pair, text: 9007199254740993
#   two pairs, numbers: 9007199254740993
#   two pairs, texts: 9007199254740992 9007199254740993
#   pairs with OR, texts: 9007199254740993
#   UPDATE, two pairs, texts: changed 9007199254740992 9007199254740993
# Why it matters here: drivers that keep IDs as strings send them so (bigNumberStrings in Node), and ORMs load rows with a key of two columns
#   by such lists. It works with a single row and for IDs below 2^53.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
sql -e 'CREATE DATABASE d; CREATE TABLE d.t (n INT, id BIGINT, changed INT DEFAULT 0);
  INSERT INTO d.t (n, id) VALUES (1, 9007199254740992), (1, 9007199254740993), (1, 9007199254740994)'
asked() { sql d -e "SELECT id FROM t WHERE $1 ORDER BY id" | paste -sd' '; }
{
  echo "id IN, texts: $(asked "id IN ('9007199254740993', '5')")"
  echo "one pair, text: $(asked "(n, id) IN ((1, '9007199254740993'))")"
  echo "two pairs, numbers: $(asked "(n, id) IN ((1, 9007199254740993), (1, 5))")"
  echo "two pairs, texts: $(asked "(n, id) IN ((1, '9007199254740993'), (1, '5'))")"
  echo "pairs with OR, texts: $(asked "(n, id) = (1, '9007199254740993') OR (n, id) = (1, '5')")"
  sql d -e "UPDATE t SET changed = 1 WHERE (n, id) IN ((1, '9007199254740993'), (1, '5'))"
  echo "UPDATE, two pairs, texts: changed $(asked 'changed = 1')"
} >"$work/seen"
cat "$work/seen"
diff "$work/seen" - <<'SEEN'
id IN, texts: 9007199254740993
one pair, text: 9007199254740993
two pairs, numbers: 9007199254740993
two pairs, texts: 9007199254740992 9007199254740993
pairs with OR, texts: 9007199254740993
UPDATE, two pairs, texts: changed 9007199254740992 9007199254740993
SEEN
