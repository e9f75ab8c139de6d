#!/usr/bin/env bash
# PyPI's uuid6 runs one millisecond ahead of the clock for each uuid7() that is drawn in a loop: 20,000 of them are 19 s ahead.
#
# Guess: IDs of one millisecond are told apart, and kept in order, by a counter or by random bits; the time in them is that of the clock.
# What was seen: each call takes a later millisecond than the one before, whatever the clock says. uuid_utils, which has a counter, keeps to
#   the clock. The lead lasts until the process pauses as long; a process that starts anew falls back.
# Seen with uuid6 2025.0.1, uuid-utils 1.2.0, Python 3.11, 2026-12-01, for 20,000 in a loop:
#   uuid6: 20000 milliseconds for 20000 IDs, ahead of the clock by more than 10 s
#   uuid_utils: fewer milliseconds than IDs, ahead by nothing
# Why it matters here: an import of a million rows gets IDs of the next quarter of an hour, which sort after rows that are written later, and
#   a check "not from the future" refuses them.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q uuid6==2025.0.1 uuid-utils==1.2.0 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import sys
import time

import uuid6
import uuid_utils

for module in uuid6, uuid_utils:
    stamps = [module.uuid7().int >> 80 for _ in range(20000)]
    ahead = stamps[-1] / 1000 - time.time()
    print(f"{module.__name__}: {ahead:.1f} s ahead", file=sys.stderr)
    count = "20000 milliseconds for 20000 IDs" if len(set(stamps)) == 20000 else "fewer milliseconds than IDs"
    print(f"{module.__name__}: {count}, ahead", "of the clock by more than 10 s" if ahead > 10 else "by nothing" if ahead <= 0.01 else ahead)
PY
cat seen
diff seen - <<'SEEN'
uuid6: 20000 milliseconds for 20000 IDs, ahead of the clock by more than 10 s
uuid_utils: fewer milliseconds than IDs, ahead by nothing
SEEN
