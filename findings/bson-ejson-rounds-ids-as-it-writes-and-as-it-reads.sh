#!/usr/bin/env bash
# EJSON of npm's bson rounds 64-bit IDs by default, when it writes and also when it reads the exact form; PyMongo's does neither.
#
# Guess: "relaxed", the default, writes plain numbers where they are exact and {"$numberLong": "…"} beyond 2^53, and reads the latter as a Long.
# What was seen: stringify() writes what a double holds. parse() makes a number of {"$numberLong": "9007199254740993"} as well, so the exact
#   form, written by another program or with relaxed: false, is rounded by who reads it. Both ways need `relaxed: false` to be exact.
# Seen with bson 7.3.4 (npm), Node 20.20; pymongo 4.17.0, Python 3.11, 2026-12-01:
#   written from a Long: {"id":9007199254740992}
#   written with relaxed false: {"id":{"$numberLong":"9007199254740993"}}
#   that one read: 9007199254740992
#   read with relaxed false: 9007199254740993
#   pymongo, relaxed: {"id": 9007199254740993}
# Why it matters here: documents that are copied or logged as EJSON carry the IDs of other documents. Keep IDs as strings there.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts bson@7.3.4 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pymongo==4.17.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { EJSON, Long } = require('bson');
const document = { id: Long.fromString('9007199254740993') };
console.log('written from a Long:', EJSON.stringify(document));
const exact = EJSON.stringify(document, { relaxed: false });
console.log('written with relaxed false:', exact);
console.log('that one read:', String(EJSON.parse(exact).id));
console.log('read with relaxed false:', String(EJSON.parse(exact, { relaxed: false }).id));
JS
{
  node try.cjs &&
    venv/bin/python -c '
from bson import Int64, json_util
print("pymongo, relaxed:", json_util.dumps({"id": Int64(9007199254740993)}, json_options=json_util.RELAXED_JSON_OPTIONS))'
} >seen || exit 1
cat seen
diff seen - <<'SEEN'
written from a Long: {"id":9007199254740992}
written with relaxed false: {"id":{"$numberLong":"9007199254740993"}}
that one read: 9007199254740992
read with relaxed false: 9007199254740993
pymongo, relaxed: {"id": 9007199254740993}
SEEN
