#!/usr/bin/env bash
# @kripod/uuidv7 writes UUIDs of 37 characters after the clock was set back by a second.
#
# Guess: it keeps the last millisecond until the clock has passed it, as its source says, and when the twelve bits of its counter
#   are used up, it goes on to the next millisecond or waits. Whatever it does, a UUID has 36 characters.
# What was seen: nothing bounds the counter. From 4097 UUIDs of one millisecond on, which a step of the clock makes likely, each has a
#   hex digit more, and that moves all that follow: the variant is no longer where a reader looks for it.
# Seen with @kripod/uuidv7 0.3.4, read by uuid 11.1.0, Node 20.20 and 26.10, 2026-11-30 (the example varies):
#   before the step: 10000 drawn, 0 longer than 36 characters
#   within the step: 10000 drawn, 6904 longer than 36 characters, the first after 3096
#   a reader takes 6904 of them for no UUID; for example 01a22e6c-9910-7100-0adc-d8a90c0b64665 with 37 characters; repeated 0
# Why it matters here: a column of 36 characters refuses these rows, and "ignores a step back" needs a bound. The agent's clock runs
#   ahead by at most `maxClockDriftMs`, and a used-up sequence moves to the next millisecond.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @kripod/uuidv7@0.3.4 uuid@11.1.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
// The clock that the package reads is set by hand: that of the machine stays.
let clockMs = Date.now();
Date.now = () => clockMs;
const { uuidv7 } = require('@kripod/uuidv7');
const { validate } = require('uuid');

const drawn = [];
for (let n = 0; n < 10_000; n += 1) {
  if (n % 1_000 === 0) clockMs += 1;
  drawn.push(uuidv7());
}
const within = [];
clockMs -= 1_000;
for (let n = 0; n < 10_000; n += 1) {
  if (n % 1_000 === 0) clockMs += 1;
  within.push(uuidv7());
}
const longer = (uuids) => uuids.filter((uuid) => uuid.length > 36);
const refused = within.filter((uuid) => !validate(uuid));
const all = new Set([...drawn, ...within]);
console.log(`before the step: ${drawn.length} drawn, ${longer(drawn).length} longer than 36 characters`);
console.log(`within the step: ${within.length} drawn, ${longer(within).length} longer than 36 characters, the first after ${within.indexOf(longer(within)[0])}`);
console.log(`a reader takes ${refused.length} of them for no UUID; for example ${refused[0]} with ${refused[0]?.length} characters; repeated ${20_000 - all.size}`);
process.exitCode = longer(drawn).length === 0 && longer(within).length > 0 && refused.length > 0 ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
