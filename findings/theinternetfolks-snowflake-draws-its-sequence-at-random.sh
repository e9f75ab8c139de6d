#!/usr/bin/env bash
# @theinternetfolks/snowflake fills the sequence of a snowflake with a random number.
#
# Guess: as its page says "Twitter Snowflake", the last bits count within a millisecond: IDs of one process differ and rise.
# What was seen: half of them are smaller than the one before, and IDs of one millisecond repeat now and then.
# Seen with @theinternetfolks/snowflake 1.3.0, Node 20.20 and 26.10, 2026-11-30 (numbers vary):
#   200000 drawn, 199978 different, 100021 smaller than the one before
# Why it matters here: its IDs sort by time only roughly, and a table of them may hold one twice.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @theinternetfolks/snowflake@1.3.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { Snowflake } = require('@theinternetfolks/snowflake');
const drawn = Array.from({ length: 200_000 }, () => BigInt(Snowflake.generate()));
const different = new Set(drawn).size;
const smaller = drawn.filter((id, at) => at > 0 && id < drawn[at - 1]).length;
console.log(`${drawn.length} drawn, ${different} different, ${smaller} smaller than the one before`);
process.exitCode = different < drawn.length && smaller > drawn.length / 4 ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
