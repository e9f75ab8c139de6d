#!/usr/bin/env bash
# @skorotkiewicz/snowflake-id repeats IDs when several calls wait for the next millisecond together.
#
# Guess: generate() is asynchronous so that it can wait when the sequence is used up; what Promise.all() draws from it all differs.
# What was seen: the call that finds the sequence used up waits, and leaves the sequence at 0. Those behind it do not: they count on
#   from there in the same millisecond and write its IDs once more. Drawn one after the other, with await, all differ.
# Seen with @skorotkiewicz/snowflake-id 1.0.1, Node 20.20 and 26.10, 2026-11-30 (the last line depends on the machine's speed):
#   20000 at once, in one tick of the clock: 4100 different
#   20000 one after the other: 20000 different
#   200000 at once, by the machine's own clock: 194123 different
# Why it matters here: an await in the middle of drawing lets the next caller in. The agent checks and draws without one.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @skorotkiewicz/snowflake-id@1.0.1 >/dev/null 2>&1 || exit 2
cat >try.mjs <<'JS'
import { createRequire } from 'node:module';
const { Snowflake } = createRequire(import.meta.url)('@skorotkiewicz/snowflake-id');
const machineClock = Date.now;
const different = (ids) => new Set(ids).size;
const atOnce = (generator, count) => Promise.all(Array.from({ length: count }, () => generator.generate()));

// A clock that stands still while they are drawn and goes on while they wait.
let clockMs = machineClock();
Date.now = () => clockMs;
const together = atOnce(new Snowflake(1), 20_000);
const ticking = setInterval(() => (clockMs += 1), 1);
const inOneTick = different(await together);
console.log(`20000 at once, in one tick of the clock: ${inOneTick} different`);
const alone = new Snowflake(2);
const drawn = [];
for (let n = 0; n < 20_000; n += 1) drawn.push(await alone.generate());
console.log(`20000 one after the other: ${different(drawn)} different`);
clearInterval(ticking);
Date.now = machineClock;
console.log(`200000 at once, by the machine's own clock: ${different(await atOnce(new Snowflake(3), 200_000))} different`);
process.exitCode = inOneTick < 10_000 && different(drawn) === 20_000 ? 0 : 1;
JS
node try.mjs || { echo "behaves otherwise now" >&2; exit 1; }
