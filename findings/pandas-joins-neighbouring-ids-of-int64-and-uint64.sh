#!/usr/bin/env bash
# pandas joins rows of neighbouring IDs if one column is int64 and the other uint64; whether it does depends on how many rows there are.
#
# Guess: integers are joined exactly whatever their type, or refused; == on the two types is exact.
# What was seen: both columns become doubles. `indicator` says "both", and each side's own ID is told, depending on which is left. If the
#   int64 side has one row only, the join is exact, so a small test shows nothing.
# Seen with pandas 3.1.1, numpy 2.4.6, Python 3.11, 2026-12-01, for int64 9007199254740992 and uint64 9007199254740993:
#   ==: False
#   one row each: none
#   int64 with uint64, two rows: 9007199254740992 both
#   uint64 with int64, two rows: 9007199254740993 both
#   both int64: none
# Why it matters here: a CSV becomes uint64 because of one ID above 2^63, and is then joined to a table that is int64: orders of others. Give
#   both columns one type, or keep IDs as strings. IDs stay below 2^63 here.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pandas==3.1.1 numpy==2.4.6 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import pandas as pd


def table(kind, *ids):
    return pd.DataFrame({"id": pd.Series(ids, dtype=kind)})


def joined(left, right):
    rows = left.merge(right, on="id", indicator=True)
    return " ".join(f"{id} {where}" for id, where in zip(rows.id, rows._merge)) or "none"


signed, unsigned = 9007199254740992, 9007199254740993
print("==:", *(table("int64", signed).id == table("uint64", unsigned).id))
print("one row each:", joined(table("int64", signed), table("uint64", unsigned)))
two, others = table("int64", signed, 5), table("uint64", unsigned, 7)
print("int64 with uint64, two rows:", joined(two, others))
print("uint64 with int64, two rows:", joined(others, two))
print("both int64:", joined(two, others.astype("int64")))
PY
cat seen
diff seen - <<'SEEN'
==: False
one row each: none
int64 with uint64, two rows: 9007199254740992 both
uint64 with int64, two rows: 9007199254740993 both
both int64: none
SEEN
