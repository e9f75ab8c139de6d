#!/usr/bin/env bash
# A text that the npm shortuuid wrote is another UUID to the Python shortuuid that it was ported from, and seldom an error.
#
# Guess: same name, same alphabet, same 22 characters: each reads what the other wrote, or at least refuses what it cannot read.
# What was seen: npm (and Go's github.com/lithammer/shortuuid v3) write the last digit first, as Python's did before 1.0. Python's
#   of today (and Go's v4) write the first digit first. Four fifths of the texts are read as a valid UUID that nobody made.
#   Written last digit first, version 7 does not sort by time either.
# Seen with shortuuid 0.1.0 (npm, Node 20.20), shortuuid 1.0.13 (PyPI, Python 3.11), 2026-11-30:
#   1000 written by npm, read by Python: 0 right, 812 another UUID, 188 refused
#   1000 of version 7 in order, sorted as text: Python in order, npm not
# Why it matters here: a short text is an ID only together with what wrote it; the agent's doors hand out decimal digits.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts shortuuid@0.1.0 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q shortuuid==1.0.13 >/dev/null 2>&1 || exit 2
cat >encode.cjs <<'JS'
const { readFileSync } = require('node:fs');
const ShortUUID = require('shortuuid');
const short = new ShortUUID();
for (const uuid of readFileSync(process.argv[2], 'utf8').trim().split('\n')) console.log(short.encode(uuid));
JS
cat >uuids.py <<'PY'
import uuid

with open("named", "w") as out:
    for each in range(1000):
        print(uuid.uuid5(uuid.NAMESPACE_URL, f"order {each}"), file=out)
with open("timed", "w") as out:
    for each in range(1000):
        head = (1_796_073_571_824 + each) << 80 | 7 << 76 | 2 << 62
        print(uuid.UUID(int=head | uuid.uuid5(uuid.NAMESPACE_URL, str(each)).int & (1 << 62) - 1), file=out)
PY
venv/bin/python uuids.py || exit 2
node encode.cjs named >named.npm && node encode.cjs timed >timed.npm || exit 2
cat >try.py <<'PY'
import uuid

import shortuuid


def lines(name):
    with open(name) as text:
        return text.read().split()


right = other = refused = 0
for meant, text in zip(lines("named"), lines("named.npm")):
    try:
        read = str(shortuuid.decode(text))
    except ValueError:
        refused += 1
        continue
    right, other = right + (read == meant), other + (read != meant)
print(f"1000 written by npm, read by Python: {right} right, {other} another UUID, {refused} refused")


def order(texts):
    return "in order" if texts == sorted(texts) else "not"


by_python = [shortuuid.encode(uuid.UUID(each)) for each in lines("timed")]
print(f"1000 of version 7 in order, sorted as text: Python {order(by_python)}, npm {order(lines('timed.npm'))}")
in_order = order(by_python) == "in order" and order(lines("timed.npm")) == "not"
raise SystemExit(0 if right == 0 and other > 500 and in_order else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
