#!/usr/bin/env bash
# The PyPI package snowflake-id gives None instead of an ID while a step of the clock lasts.
#
# Guess: with the clock a second behind, next() waits or raises; whatever it returns is an int.
# What was seen: it returns None, at once, for as long as the clock is behind. That is no error: a driver writes NULL. No ID
# repeats.
# Seen with snowflake-id 1.0.2, Python 3.11, 2026-11-30:
#   20000 calls within the second: 20000 None; repeated 0
# Why it matters here: rows without an ID come out of it, which `verify` and an import have to expect.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q snowflake-id==1.0.2 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import time

machine_clock = time.time
moved = 0.0
time.time = lambda: machine_clock() + moved
from snowflake import SnowflakeGenerator

generator = SnowflakeGenerator(42)
before = [next(generator) for _ in range(1000)]
moved = -1.0
within = [next(generator) for _ in range(20_000)]
ids = [each for each in before + within if each is not None]
print(f"{len(within)} calls within the second: {within.count(None)} None; repeated {len(ids) - len(set(ids))}")
raise SystemExit(0 if within.count(None) == len(within) and len(ids) == len(set(ids)) else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
