#!/usr/bin/env bash
# Miller takes an ID from 2^63 on for text: it compares and sorts it letter by letter, and writes it into JSON with quotes.
#
# Guess: a number too large for an integer becomes a float when it is computed with, and stays as it was written if it is not.
# What was seen: of a whole number beyond 2^63 - 1 nothing is made but a string. `sort -nr` and `top` take 9223372036854775808 for
#   the largest, as 9 follows 1, a filter for IDs below 2^53 lets 18446744073709551615 through, and `id + 0` is (error).
# Seen with Debian's miller 6.6.0, 2026-12-01:
#   sort -nr: 9223372036854775808 18446744073709551615 18446744073709551614 9007199254740993
#   top: 9223372036854775808
#   filter id < 9007199254740992: 18446744073709551614 18446744073709551615
#   id + 0: (error) (error) 9007199254740993 (error)
#   JSON: "18446744073709551614" "9223372036854775808" 9007199254740993 "18446744073709551615"
# Why it matters here: the highest ID that a log holds is told wrongly once IDs pass 2^63. IDs stay below it here.
cd "$(dirname "${BASH_SOURCE[0]}")" && . ./debian.sh || exit 2
unpack miller
mlr() { "$work/root/usr/bin/mlr" "$@"; }
mlr --version >/dev/null 2>&1 || { echo "miller does not run here" >&2; exit 2; }
printf 'id\n%s\n' 18446744073709551614 >ids.csv
printf '%s\n' 9223372036854775808 9007199254740993 18446744073709551615 >>ids.csv
below() { tail -n +2 | paste -sd' '; }
{
  echo "sort -nr: $(mlr --csv sort -nr id ids.csv | below)"
  echo "top: $(mlr --csv top -f id -a ids.csv | below)"
  echo "filter id < 9007199254740992: $(mlr --csv filter '$id < 9007199254740992' ids.csv | below)"
  echo "id + 0: $(mlr --csv put '$id = $id + 0' ids.csv | below)"
  echo "JSON: $(mlr --icsv --ojson cat ids.csv | sed -n 's/.*"id": //p' | paste -sd' ')"
} >seen
cat seen
diff seen - <<'SEEN'
sort -nr: 9223372036854775808 18446744073709551615 18446744073709551614 9007199254740993
top: 9223372036854775808
filter id < 9007199254740992: 18446744073709551614 18446744073709551615
id + 0: (error) (error) 9007199254740993 (error)
JSON: "18446744073709551614" "9223372036854775808" 9007199254740993 "18446744073709551615"
SEEN
