#!/usr/bin/env bash
# Arrow reads a whole column of IDs as doubles, from CSV and from JSON, because of one ID above 2^63; so does pandas' engine="pyarrow".
#
# Guess: a column of whole numbers, of which one needs 64 bits without a sign, becomes uint64, or text, or an error: it has uint64.
# What was seen: after int64 it tries double, so each ID of the file above 2^53 is rounded, those that fitted well, too. pandas' own reader takes
#   uint64; DuckDB and Polars take 128 bits. In pandas, `engine="pyarrow"`, told as a matter of speed, changes the IDs.
# Seen with pyarrow 26.0.1, pandas 3.1.1, duckdb 2.0.1, polars 2.1.0, Python 3.11, 2026-11-30, for 9007199254740993 and 18446744073709551615:
#   pyarrow CSV: double 9007199254740992.0
#   pyarrow JSON: double 9007199254740992.0
#   pandas CSV, engine pyarrow: float64 9007199254740992.0
#   pandas CSV: uint64 9007199254740993
#   duckdb CSV: HUGEINT 9007199254740993
#   polars CSV: Int128 9007199254740993
# Why it matters here: one foreign ID with its top bit set (a hash, an unsigned column) spoils the IDs of the other rows without a word.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 &&
  venv/bin/pip install -q pyarrow==26.0.1 pandas==3.1.1 duckdb==2.0.1 polars==2.1.0 >/dev/null 2>&1 || exit 2
cat >read.py <<'PY'
import duckdb, pandas, polars, pyarrow.csv, pyarrow.json

ids = [2**53 + 1, 2**64 - 1]
with open("ids.csv", "w") as file:
    file.write("id,name\n" + "".join(f"{id},n\n" for id in ids))
with open("ids.json", "w") as file:
    file.write("".join(f'{{"id":{id}}}\n' for id in ids))
for who, read in (("CSV", pyarrow.csv.read_csv("ids.csv")), ("JSON", pyarrow.json.read_json("ids.json"))):
    print(f"pyarrow {who}: {read['id'].type} {read['id'][0].as_py()}")
for who, engine in (("CSV, engine pyarrow", "pyarrow"), ("CSV", None)):
    read = pandas.read_csv("ids.csv", engine=engine)["id"]
    print(f"pandas {who}: {read.dtype} {read[0]}")
print("duckdb CSV:", *duckdb.sql("SELECT typeof(id), id FROM 'ids.csv' LIMIT 1").fetchall()[0])
read = polars.read_csv("ids.csv")["id"]
print(f"polars CSV: {read.dtype} {read[0]}")
PY
venv/bin/python read.py >seen || exit 1
cat seen
diff seen - <<'SEEN'
pyarrow CSV: double 9007199254740992.0
pyarrow JSON: double 9007199254740992.0
pandas CSV, engine pyarrow: float64 9007199254740992.0
pandas CSV: uint64 9007199254740993
duckdb CSV: HUGEINT 9007199254740993
polars CSV: Int128 9007199254740993
SEEN
