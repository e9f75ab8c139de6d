#!/usr/bin/env bash
# Sqids for JavaScript refuses to encode a number above 2^53 - 1, but decodes one to its neighbour without a word.
#
# Guess: what encode() refuses with an error, decode() refuses, too, or answers with the empty list that it has for texts that it cannot read.
# What was seen: it answers a rounded number, which is another ID; asked to write that again, it raises.
# Seen with sqids 0.3.0 (npm, Node 20.20 and 26.10), sqids 0.5.2 (PyPI, Python 3.11), 2026-11-30:
#   Python: 7533278566595690501 is LgSHNOvM7hwS
#   JavaScript, decode: 7533278566595690496
#   JavaScript, encode of that: Encoding supports numbers between 0 and 9007199254740991
#   1000 snowflakes in a row: 2 different numbers decoded
# Why it matters here: a link with the Sqid of a snowflake opens another row in a service in JavaScript, as a JSON number would.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts sqids@0.3.0 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q sqids==0.5.2 >/dev/null 2>&1 || exit 2
cat >encode.py <<'PY'
from sqids import Sqids

first = 7533278566595690501
print("\n".join(Sqids().encode([first + each]) for each in range(1000)))
PY
venv/bin/python encode.py >texts || exit 2
cat >try.cjs <<'JS'
const { readFileSync } = require('node:fs');
const Sqids = require('sqids').default;
const sqids = new Sqids();
const texts = readFileSync('texts', 'utf8').trim().split('\n');
const decoded = texts.map((text) => sqids.decode(text)[0]);
let refusal = 'taken';
try {
  sqids.encode([decoded[0]]);
} catch (error) {
  refusal = error.message;
}
const different = new Set(decoded).size;
console.log(`Python: 7533278566595690501 is ${texts[0]}`);
console.log(`JavaScript, decode: ${BigInt(decoded[0])}`);
console.log(`JavaScript, encode of that: ${refusal}`);
console.log(`${texts.length} snowflakes in a row: ${different} different numbers decoded`);
process.exitCode = BigInt(decoded[0]) !== 7533278566595690501n && refusal.startsWith('Encoding supports') && different < 10 ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
