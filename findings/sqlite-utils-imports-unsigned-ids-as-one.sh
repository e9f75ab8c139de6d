#!/usr/bin/env bash
# sqlite-utils makes one number of neighbouring IDs from 2^63 on, in a column that it then calls INTEGER.
#
# Guess: a column of whole numbers becomes INTEGER if SQLite can hold them all, and stays TEXT if one of them is too large.
# What was seen: `insert --csv` looks at the digits alone. SQLite's INTEGER takes what is beyond 2^63 - 1 as a double, so two rows
#   hold the same 1.8446744073709552e+19, beside exact integers. The same rows as JSON are refused. --no-detect-types keeps the text.
# Seen with sqlite-utils 4.2.1, Python 3.11, 2026-12-01:
#   column: "id" INTEGER
#   rows: integer 9007199254740993, real 1.8446744073709552e+19, real 1.8446744073709552e+19
#   different: 2 of 3
#   as JSON: refused
# Why it matters here: IDs that use all 64 bits are lost on import without a word. IDs stay below 2^63 here.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q sqlite-utils==4.2.1 >/dev/null 2>&1 || exit 2
printf 'id,tag\n9007199254740993,a\n18446744073709551614,a\n18446744073709551615,a\n' >ids.csv
echo '[{"id": 18446744073709551614}, {"id": 18446744073709551615}]' >ids.json
venv/bin/sqlite-utils insert ids.db ids ids.csv --csv --silent || exit 1
{
  venv/bin/python - <<'PY'
import sqlite3

db = sqlite3.connect("ids.db")
(schema,) = db.execute("select sql from sqlite_master where name = 'ids'").fetchone()
print("column:", next(line.strip(" ,") for line in schema.splitlines() if '"id"' in line))
print("rows:", ", ".join(f"{kind} {id}" for kind, id in db.execute("select typeof(id), id from ids order by rowid")))
print("different: %d of %d" % db.execute("select count(distinct id), count(*) from ids").fetchone())
PY
  venv/bin/sqlite-utils insert ids.db as_json ids.json >/dev/null 2>&1 && echo "as JSON: taken" || echo "as JSON: refused"
} >seen
cat seen
diff seen - <<'SEEN'
column: "id" INTEGER
rows: integer 9007199254740993, real 1.8446744073709552e+19, real 1.8446744073709552e+19
different: 2 of 3
as JSON: refused
SEEN
