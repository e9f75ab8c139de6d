#!/usr/bin/env bash
# jq for Python tells neighbouring IDs apart within a program and hands out the same number for both, even if nothing was computed.
#
# Guess: it holds jq 1.7 or later, which keeps a number's digits as they were read until something is computed with them. So `.id` comes
#   out as it went in, as with the program jq.
# What was seen: within jq that is so: ==, unique, select and tostring are exact. What leaves jq goes through a double, by first(), all() and
#   text() alike. So `unique` answers the same number twice, and select(.id == …993) finds the row and shows it as …992.
# Seen with jq 1.13.0 (PyPI), Python 3.11, 2026-12-01, for the ids 9007199254740992 and 9007199254740993:
#   map(.id) | unique: [9007199254740992, 9007199254740992]
#   map(select(.id == 9007199254740993)): [{'id': 9007199254740992}]
#   map(.id | tostring): ['9007199254740992', '9007199254740993']
#   as text: [{"id": 9007199254740992}, {"id": 9007199254740992}]
# Why it matters here: a check for doubled IDs in jq says "none", and the list that it gives holds them. Ask for `.id | tostring`.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q jq==1.13.0 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import jq

rows = '[{"id": 9007199254740992}, {"id": 9007199254740993}]'
for program in "map(.id) | unique", "map(select(.id == 9007199254740993))", "map(.id | tostring)":
    print(f"{program}:", jq.compile(program).input_text(rows).first())
print("as text:", jq.compile(".").input_text(rows).text())
PY
cat seen
diff seen - <<'SEEN'
map(.id) | unique: [9007199254740992, 9007199254740992]
map(select(.id == 9007199254740993)): [{'id': 9007199254740992}]
map(.id | tostring): ['9007199254740992', '9007199254740993']
as text: [{"id": 9007199254740992}, {"id": 9007199254740992}]
SEEN
