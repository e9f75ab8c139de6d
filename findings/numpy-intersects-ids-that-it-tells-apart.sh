#!/usr/bin/env bash
# NumPy finds a common ID in two arrays that have none, by intersect1d(), while isin() and == tell the same two IDs apart.
#
# Guess: int64 and uint64 are compared exactly, as == and isin() do since NumPy 1.25, so what two arrays share is told exactly as well.
# What was seen: intersect1d() and union1d() make one array of doubles of both first: one ID is told that stands in neither, and a union
#   of two IDs holds one. setdiff1d(), which uses isin(), is exact.
# Seen with numpy 2.4.6, Python 3.11, 2026-12-01, for uint64 9007199254740993 and int64 9007199254740992:
#   ==: [False]
#   isin: [False]
#   setdiff1d: [9007199254740993]
#   intersect1d: [9007199254740992.0]
#   union1d: [9007199254740992.0]
# Why it matters here: a check whether two sources gave an ID twice says yes, or misses it, because the one array is unsigned: NumPy makes
#   it so for one ID above 2^63. IDs stay below that here.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q numpy==2.4.6 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import numpy as np

ours, theirs = np.array([9007199254740993], dtype="uint64"), np.array([9007199254740992], dtype="int64")
print("==:", (ours == theirs).tolist())
for name in "isin", "setdiff1d", "intersect1d", "union1d":
    print(f"{name}:", getattr(np, name)(ours, theirs).tolist())
PY
cat seen
diff seen - <<'SEEN'
==: [False]
isin: [False]
setdiff1d: [9007199254740993]
intersect1d: [9007199254740992.0]
union1d: [9007199254740992.0]
SEEN
