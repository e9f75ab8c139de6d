#!/usr/bin/env bash
# Three libraries named KSUID write three kinds: one with an epoch of its own, one as 40 hex digits.
#
# Guess: a KSUID is 20 bytes, seconds since 14e8, and 27 characters in base 62, whatever wrote it: texts can be mixed, sorted and read.
# What was seen: @thi.ng/ksuid writes the same 27 characters, but counts from 16e8. Its KSUIDs of today sort among those that others
#   made six years ago, each reads the other's without an error, and no text tells which it is. PyPI's ksuid counts from 14e8 and
#   writes hex.
# Seen with ksuid 3.0.0 and @thi.ng/ksuid 3.2.124 (npm, Node 20.20 and 26.10), ksuid 1.3 (PyPI, Python 3.11), 2026-11-30:
#   ksuid, read by @thi.ng/ksuid: 2315 days later
#   @thi.ng/ksuid, read by ksuid: 2315 days earlier
#   of 100 of each, made in turn and sorted: all of @thi.ng/ksuid first
#   PyPI: 40 characters, read by ksuid: raises
# Why it matters here: "sortable" holds within what wrote them. A snowflake's epoch stands in the store, and an agent with another one
#   is refused.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts ksuid@3.0.0 @thi.ng/ksuid@3.2.124 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q ksuid==1.3 >/dev/null 2>&1 || exit 2
python=$(venv/bin/python -c 'from ksuid.ksuid import ksuid; print(ksuid())') || exit 2
cat >try.mjs <<'JS'
import { createRequire } from 'node:module';
import { defKSUID32 } from '@thi.ng/ksuid';
const KSUID = createRequire(import.meta.url)('ksuid');
const own = defKSUID32();
const days = (ms) => Math.round(Math.abs(ms) / 86_400_000);

const usual = KSUID.randomSync();
const later = own.parse(usual.string).epoch - usual.date.getTime();
console.log(`ksuid, read by @thi.ng/ksuid: ${days(later)} days ${later > 0 ? 'later' : 'earlier'}`);
const other = own.next();
const earlier = KSUID.parse(other).date.getTime() - own.parse(other).epoch;
console.log(`@thi.ng/ksuid, read by ksuid: ${days(earlier)} days ${earlier > 0 ? 'later' : 'earlier'}`);
const made = Array.from({ length: 200 }, (_, n) => (n % 2 ? { text: own.next(), by: 'thi.ng' } : { text: KSUID.randomSync().string, by: 'ksuid' }));
const sorted = made.toSorted((a, b) => (a.text < b.text ? -1 : 1)).map(({ by }) => by);
const apart = sorted.slice(0, 100).every((by) => by === 'thi.ng');
console.log(`of 100 of each, made in turn and sorted: ${apart ? 'all of @thi.ng/ksuid first' : 'mixed'}`);
const python = process.argv[2];
let read = 'raises';
try {
  read = KSUID.parse(python).date.toISOString();
} catch {}
console.log(`PyPI: ${python.length} characters, read by ksuid: ${read}`);
process.exitCode = days(later) > 2000 && days(earlier) > 2000 && apart && python.length === 40 && read === 'raises' ? 0 : 1;
JS
node try.mjs "$python" || { echo "behaves otherwise now" >&2; exit 1; }
