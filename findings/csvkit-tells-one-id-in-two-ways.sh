#!/usr/bin/env bash
# csvkit sorts and joins IDs exactly and rounds the same IDs in csvjson, csvstat and csvsql --query.
#
# Guess: the tools of one kit read a column alike, as decimal numbers, so a 64-bit ID comes out of each as it went in.
# What was seen: all of them read decimals, but csvjson writes them as floats, csvsql hands floats to its database, and csvstat
#   prints what a float holds: neighbours become one ID. With --no-inference (-I) csvjson leaves them as they are.
# Seen with csvkit 2.2.0, Python 3.11, 2026-12-01:
#   csvsort: 9007199254740992 9007199254740993
#   csvjson: [{"id": 9007199254740992.0}, {"id": 9007199254740992.0}]
#   csvsql: 9007199254740992.0 9007199254740992.0
#   csvstat, largest: 9007199254740992
#   csvjson -I: [{"id": "9007199254740993"}, {"id": "9007199254740992"}]
# Why it matters here: a check that no ID came twice fails, or passes, by which of the tools it goes through.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q csvkit==2.2.0 >/dev/null 2>&1 || exit 2
printf 'id,tag\n9007199254740993,a\n9007199254740992,a\n' >both.csv
printf 'id\n9007199254740993\n9007199254740992\n' >ids.csv
PATH="$work/venv/bin:$PATH"
below() { tail -n +2 | tr -d '\r' | paste -sd' '; }
{
  echo "csvsort: $(csvsort -c id both.csv | cut -d, -f1 | below)"
  echo "csvjson: $(csvjson ids.csv)"
  echo "csvsql: $(csvsql --query 'select id from both' both.csv | below)"
  echo "csvstat, largest: $(csvstat -c id --max both.csv | tr -d ',')"
  echo "csvjson -I: $(csvjson -I ids.csv)"
} >seen 2>/dev/null
cat seen
diff seen - <<'SEEN'
csvsort: 9007199254740992 9007199254740993
csvjson: [{"id": 9007199254740992.0}, {"id": 9007199254740992.0}]
csvsql: 9007199254740992.0 9007199254740992.0
csvstat, largest: 9007199254740992
csvjson -I: [{"id": "9007199254740993"}, {"id": "9007199254740992"}]
SEEN
