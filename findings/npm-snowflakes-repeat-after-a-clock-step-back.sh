#!/usr/bin/env bash
# Three npm packages that make snowflakes repeat IDs, without a word, when the clock is set back by a second.
#
# Guess: like flake-idgen (or Twitter's original) they refuse or wait until the clock is where it was.
# What was seen: nodejs-snowflake, snowflake-id and @sapphire/snowflake go on with the earlier time and sequence 0.
# Seen with nodejs-snowflake 2.0.1, snowflake-id 1.1.0, @sapphire/snowflake 3.5.5, flake-idgen 1.4.0, Node 20.20 and
# 26.10, 2026-11-30 (numbers depend on the machine's speed):
#   nodejs-snowflake: 18231 repeated
#   snowflake-id: 1874 repeated
#   @sapphire/snowflake: 4391 repeated
#   flake-idgen: raised "Clock moved backwards. Refusing to generate id for 999 milliseconds"
# Why it matters here: a step of an NTP client is enough, so `verify` must be run over what these have written.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts nodejs-snowflake@2.0.1 snowflake-id@1.1.0 \
  @sapphire/snowflake@3.5.5 flake-idgen@1.4.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
// The clock that the packages read is the machine's, moved: that of the machine itself stays.
const machineClock = Date.now;
let movedMs = 0;
Date.now = () => machineClock() + movedMs;
const epoch = 1_600_000_000_000;
const { Snowflake: NodeSnowflake } = require('nodejs-snowflake');
const SnowflakeId = require('snowflake-id').default;
const { Snowflake: Sapphire } = require('@sapphire/snowflake');
const FlakeId = require('flake-idgen');
const generators = {
  'nodejs-snowflake': () => { const own = new NodeSnowflake({ custom_epoch: epoch, instance_id: 7 }); return () => own.getUniqueID(); },
  'snowflake-id': () => { const own = new SnowflakeId({ mid: 7, offset: epoch }); return () => own.generate(); },
  '@sapphire/snowflake': () => { const own = new Sapphire(epoch); return () => own.generate(); },
  'flake-idgen': () => { const own = new FlakeId({ worker: 7 }); return () => own.next().toString('hex'); },
};
function repeated(next) {
  const seen = new Set();
  let again = 0;
  for (const [movedBy, forMs] of [[0, 1_200], [-1_000, 800]]) {
    movedMs = movedBy;
    const end = machineClock() + forMs;
    while (machineClock() < end) {
      const id = String(next());
      if (seen.has(id)) again += 1;
      seen.add(id);
    }
  }
  return again;
}
const found = {};
for (const [name, make] of Object.entries(generators)) {
  movedMs = 0;
  try {
    found[name] = repeated(make());
    console.log(`${name}: ${found[name]} repeated`);
  } catch (error) {
    found[name] = 'raised';
    console.log(`${name}: raised "${error.message}"`);
  }
}
const repeating = ['nodejs-snowflake', 'snowflake-id', '@sapphire/snowflake'].every((name) => found[name] > 0);
process.exitCode = repeating && found['flake-idgen'] === 'raised' ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
