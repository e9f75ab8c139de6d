#!/usr/bin/env bash
# The npm package simple-flakeid counts into the worker id when its sequence is made shorter than six bits.
#
# Guess: `seqBitLength: 4` (its comments allow 3 to 21) leaves sequence numbers up to 15; the 16th of a millisecond goes to the next.
# What was seen: the highest sequence number is worked out from the default of six bits, not from the option: 63 always. With four
#   bits, 16 to 63 are added into the worker id, so worker 1 writes IDs of workers 1 to 4. Two workers repeat each other's IDs.
#   With ten bits, nothing breaks, but 960 of the 1024 numbers are never used.
# Seen with simple-flakeid 0.0.5, Node 20.20 and 26.10, 2026-11-30 (the second line depends on the machine's speed):
#   seqBitLength 4: worker 1 wrote IDs of workers 1, 2, 3, 4
#   workers 1 and 2 in turn: 20000 each, 14576 drawn by both
#   seqBitLength 10: highest sequence number 63
# Why it matters here: `verify` over tables that two of its workers filled finds repeated IDs of good clocks and right worker ids.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts simple-flakeid@0.0.5 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { SnowflakeIdv1 } = require('simple-flakeid');
const worker = (workerId, seqBitLength) => new SnowflakeIdv1({ workerId, workerIdBitLength: 6, seqBitLength });
const draw = (generator) => BigInt(generator.NextBigId());

const [one, two] = [worker(1, 4), worker(2, 4)];
const [ofOne, ofTwo] = [new Set(), new Set()];
for (let n = 0; n < 20_000; n += 1) {
  ofOne.add(draw(one));
  ofTwo.add(draw(two));
}
const written = [...new Set([...ofOne].map((id) => Number((id >> 4n) & 63n)))].sort();
const both = [...ofOne].filter((id) => ofTwo.has(id)).length;
console.log(`seqBitLength 4: worker 1 wrote IDs of workers ${written.join(', ')}`);
console.log(`workers 1 and 2 in turn: ${ofOne.size} each, ${both} drawn by both`);

const long = worker(1, 10);
let highest = 0n;
for (let n = 0; n < 20_000; n += 1) {
  const sequence = draw(long) & 1023n;
  if (sequence > highest) highest = sequence;
}
console.log(`seqBitLength 10: highest sequence number ${highest}`);
process.exitCode = written.join() === '1,2,3,4' && both > 0 && highest === 63n ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
