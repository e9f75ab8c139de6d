#!/usr/bin/env bash
# DuckDB keeps IDs exact when it takes a pandas column of integers, and gives the same column back to pandas as doubles.
#
# Guess: 128-bit integers, which it chooses where one ID needs more than 63 bits, come back as they went in, or as Decimal, as for Polars.
# What was seen: `SELECT * FROM ids` changes the IDs: the column is read as HUGEINT and compared exactly, and df() makes float64 of
#   it, fetchnumpy(), too. fetchall(), Arrow and Polars have each digit. A CSV or JSON with such an ID is read as HUGEINT as well.
# Seen with duckdb 2.0.1, pandas 3.1.1, polars 2.1.0, numpy 2.4.6, pyarrow 26.0.1, Python 3.11, 2026-12-01:
#   column: HUGEINT
#   fetchall: [9007199254740993, 18446744073709551615]
#   df: float64 [9007199254740992, 18446744073709551616]
#   pl: Decimal(precision=38, scale=0) [9007199254740993, 18446744073709551615]
#   found by 9007199254740993: [9007199254740993], and in pandas [9007199254740992]
# Why it matters here: a notebook that filters IDs by SQL shows others than it found, because of one ID above 2^63 elsewhere in the file.
#   `id::VARCHAR` helps. IDs stay below 2^63 here.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 &&
  venv/bin/pip install -q duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 numpy==2.4.6 pyarrow==26.0.1 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import duckdb
import pandas as pd

ids = pd.DataFrame({"id": [9007199254740993, 18446744073709551615]}, dtype=object)
every = duckdb.sql("SELECT id FROM ids")
print("column:", *every.types)
print("fetchall:", [id for (id,) in every.fetchall()])
frame = every.df()
print("df:", frame.id.dtype, [int(id) for id in frame.id])
polars = every.pl()
print("pl:", polars["id"].dtype, [int(id) for id in polars["id"]])
found = duckdb.sql("SELECT id FROM ids WHERE id = 9007199254740993")
print("found by 9007199254740993:", f"{[id for (id,) in found.fetchall()]}, and in pandas {[int(id) for id in found.df().id]}")
PY
cat seen
diff seen - <<'SEEN'
column: HUGEINT
fetchall: [9007199254740993, 18446744073709551615]
df: float64 [9007199254740992, 18446744073709551616]
pl: Decimal(precision=38, scale=0) [9007199254740993, 18446744073709551615]
found by 9007199254740993: [9007199254740993], and in pandas [9007199254740992]
SEEN
