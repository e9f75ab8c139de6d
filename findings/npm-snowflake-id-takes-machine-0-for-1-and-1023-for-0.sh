#!/usr/bin/env bash
# The npm packages snowflake-id and flakeid write machine id 1 for 0 and 0 for 1023, and so give two machines one id.
#
# Guess: ten bits hold the machine ids 0 to 1023, and `mid` is what the ID carries.
# What was seen: `mid: 0` counts as not given and becomes the default, which is 1; and the remainder is taken by 1023, not by 1024.
#   So the first two replicas of a StatefulSet, numbered 0 and 1, write as one machine.
# Seen with snowflake-id 1.1.0, flakeid 1.0.1, Node 20.20 and 26.10, 2026-11-30:
#   snowflake-id: 0 -> 1, 1 -> 1, 2 -> 2, 1022 -> 1022, 1023 -> 0; machines 0 and 1 in turn: some of 20000 drawn by both
#   flakeid: 0 -> 1, 1 -> 1, 2 -> 2, 1022 -> 1022, 1023 -> 0; machines 0 and 1 in turn: some of 20000 drawn by both
# Why it matters here: machine ids that are told apart in the deployment are one in the table, and repeated IDs with them. Leases
#   count from 0, and the agent writes what it was granted.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts snowflake-id@1.1.0 flakeid@1.0.1 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const SnowflakeId = require('snowflake-id').default;
const FlakeId = require('flakeid');
const made = {
  'snowflake-id': (mid) => { const own = new SnowflakeId({ mid }); return () => BigInt(own.generate()); },
  flakeid: (mid) => { const own = new FlakeId({ mid }); return () => BigInt(own.gen()); },
};
let asSeen = true;
for (const [name, machine] of Object.entries(made)) {
  const written = [0, 1, 2, 1022, 1023].map((mid) => `${mid} -> ${(machine(mid)() >> 12n) & 1023n}`).join(', ');
  const [zero, one] = [machine(0), machine(1)];
  const [ofZero, ofOne] = [new Set(), new Set()];
  for (let n = 0; n < 20_000; n += 1) {
    ofZero.add(zero());
    ofOne.add(one());
  }
  const both = [...ofZero].filter((id) => ofOne.has(id)).length;
  console.log(`${name}: ${written}; machines 0 and 1 in turn: ${both > 0 ? 'some' : 'none'} of 20000 drawn by both`);
  asSeen &&= written === '0 -> 1, 1 -> 1, 2 -> 2, 1022 -> 1022, 1023 -> 0' && both > 0;
}
process.exitCode = asSeen ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
