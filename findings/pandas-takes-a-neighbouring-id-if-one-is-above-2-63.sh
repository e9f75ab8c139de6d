#!/usr/bin/env bash
# pandas takes a neighbouring ID for the one asked for in isin() and query() as soon as another ID asked for is 2^63 or more.
#
# Guess: int64 is compared with Python's integers exactly; an ID of 2^63 or more is simply in no int64 column.
# What was seen: one such ID makes doubles of both sides, and rows come back whose ID was not asked for. Without it the same call is exact.
#   isin() with a Series of the same IDs, which is uint64, is exact.
# Seen with pandas 3.1.1, numpy 2.4.6, Python 3.11, 2026-12-01, in a column that holds 9007199254740992 and 5:
#   isin [9007199254740993]: []
#   isin [9007199254740993, 9223372036854775808]: [9007199254740992]
#   isin a Series of them: []
#   query: [9007199254740992]
# Why it matters here: one ID of another source that uses all 64 bits changes which other rows are found. IDs stay below 2^63 here.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pandas==3.1.1 numpy==2.4.6 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import pandas as pd

rows = pd.DataFrame({"id": [9007199254740992, 5]})
asked = [9007199254740993]
both = [*asked, 2**63]
for ids in asked, both:
    print(f"isin {ids}:", rows.id[rows.id.isin(ids)].tolist())
print("isin a Series of them:", rows.id[rows.id.isin(pd.Series(both))].tolist())
print("query:", rows.query("id in @both").id.tolist())
PY
cat seen
diff seen - <<'SEEN'
isin [9007199254740993]: []
isin [9007199254740993, 9223372036854775808]: [9007199254740992]
isin a Series of them: []
query: [9007199254740992]
SEEN
