#!/usr/bin/env bash
# The PyPI package sonyflake-py waits a tenth of a second when a sequence is used up, where the format has 10 ms.
#
# Guess: as in the Go original, the 257th ID of 10 ms waits for the next 10 ms, so a busy process draws 25,600 IDs a second.
# What was seen: the wait is worked out in the wrong unit: about 100 ms. Nine of ten time units stay empty, and with them nine
#   tenths of the IDs: 2,570 a second at most, and every thread of the process waits with the one that drew.
# Seen with sonyflake-py 1.3.0, Python 3.11, 2026-11-30:
#   5000 drawn in a loop: 19 units of 10 ms were used up (255 IDs or more); from one to the next: at least 10 units
# Why it matters here: a limit that comes from a format is not the limit of what writes it: who moves from it may draw ten times more.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q sonyflake-py==1.3.0 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
from collections import Counter

from sonyflake import SonyFlake

generator = SonyFlake(machine_id=lambda: 7)
units = Counter(SonyFlake.decompose(generator.next_id())["time"] for _ in range(5000))
full = sorted(unit for unit, count in units.items() if count >= 255)
least = min(after - before for before, after in zip(full, full[1:]))
print(f"5000 drawn in a loop: {len(full)} units of 10 ms were used up (255 IDs or more); from one to the next: at least {least} units")
raise SystemExit(0 if least >= 9 else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
