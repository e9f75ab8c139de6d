#!/usr/bin/env bash
# The children of a forked Python process draw the same random bits from ulid-transform, so their ULIDs of one millisecond are equal.
#
# Guess: the random part comes from the operating system or is seeded anew after a fork, as in Python's own `random` and `uuid`.
# What was seen: a parent that drew once before it forked hands its generator on. Every child then draws the same 80 bits in the
#   same order: only the milliseconds keep their ULIDs apart. With a timestamp given, whole ULIDs are equal.
# Seen with ulid-transform 2.2.9, Python 3.11, 2026-11-30:
#   4 children, 1000 each: 4000 drawn, 1000 different random parts
#   same millisecond given: 4000 drawn, 1000 different ULIDs
#   python-ulid: 4000 drawn, 4000 different random parts
# Why it matters here: servers that load first and fork then (gunicorn --preload) have such children, and their ULIDs repeat when
#   two of them make their nth draw in the same millisecond. An agent is one process, never forked, and leases its machine id.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q ulid-transform==2.2.9 python-ulid==4.1.0 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import os
import time

import ulid_transform
from ulid import ULID

children, each = 4, 1000


def drawn_by_children(draw):
    draw()
    drawn = []
    for _ in range(children):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with os.fdopen(writer, "w") as out:
                out.write("\n".join(draw() for _ in range(each)))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            drawn += answer.read().split()
        os.wait()
    return drawn


now = time.time()
plain = drawn_by_children(ulid_transform.ulid_now)
parts = len({ulid[10:] for ulid in plain})
print(f"{children} children, {each} each: {len(plain)} drawn, {parts} different random parts")
given = drawn_by_children(lambda: ulid_transform.ulid_at_time(now))
print(f"same millisecond given: {len(given)} drawn, {len(set(given))} different ULIDs")
other = drawn_by_children(lambda: str(ULID()))
other_parts = len({ulid[10:] for ulid in other})
print(f"python-ulid: {len(other)} drawn, {other_parts} different random parts")
raise SystemExit(0 if parts == len(set(given)) == each and other_parts == len(other) else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
