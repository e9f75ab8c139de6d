#!/usr/bin/env bash
# pandas.read_json makes numbers of IDs that are strings in JSON, and rounded ones as soon as one row has none.
#
# Guess: an ID that is written as a string to be safe from rounding arrives as a string; quotes are what tells them apart in JSON.
# What was seen: a column of strings that look like numbers becomes int64. With one null, or above 2^63, it becomes float64, and IDs
#   that lie beside each other become one. `dtype=False` keeps them, and so does pandas.DataFrame over json.loads.
# Seen with pandas 3.1.1, Python 3.11, 2026-11-30:
#   1000 IDs as strings: int64, 1000 different
#   the same and a null: float64, 2 different
#   with dtype=False: 1000 different
#   pandas.DataFrame over json.loads: 1000 different
# Why it matters here: the agent writes IDs in JSON as strings, which is enough for JavaScript and not for a notebook: joins by such a
#   column match rows that have nothing to do with each other.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pandas==3.1.1 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import io
import json

import pandas

ids = [{"id": str(7533278566595690501 + each)} for each in range(1000)]
whole = json.dumps(ids)
one_missing = json.dumps([*ids, {"id": None}])
all_given = pandas.read_json(io.StringIO(whole)).id
print(f"1000 IDs as strings: {all_given.dtype}, {all_given.nunique()} different")
rounded = pandas.read_json(io.StringIO(one_missing)).id
print(f"the same and a null: {rounded.dtype}, {rounded.nunique()} different")
kept = pandas.read_json(io.StringIO(one_missing), dtype=False).id
print(f"with dtype=False: {kept.nunique()} different")
other = pandas.DataFrame(json.loads(one_missing)).id
print(f"pandas.DataFrame over json.loads: {other.nunique()} different")
as_seen = rounded.dtype == "float64" and rounded.nunique() < 10 and kept.nunique() == other.nunique() == 1000
raise SystemExit(0 if all_given.dtype == "int64" and as_seen else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
