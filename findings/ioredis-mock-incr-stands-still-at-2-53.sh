#!/usr/bin/env bash
# ioredis-mock answers INCR with the same number for ever from 2^53 on, and makes NaN of a value that is no number.
#
# Guess: a mock of INCR counts in BigInt or in text, as Redis is exact to 2^63, or it raises where it cannot; a value that is no integer is
#   refused in Redis' words, as tests of error handling need it.
# What was seen: it counts in doubles. At 2^53 each INCR adds nothing: two callers get one number, and a loop that waits for a higher
#   one never ends. 1.5 becomes 2.5. Of text it answers NaN without an error and stores it, so all later calls get NaN, too.
# Seen with ioredis-mock 8.13.1, ioredis 5.8.2, Node 20.20, 2026-12-01:
#   from 9007199254740991: 9007199254740992 9007199254740992 9007199254740992
#   from 1.5: 2.5
#   from "abc": NaN, then "NaN"
# Why it matters here: code that draws from the Redis door, or counts by itself, passes its tests against a counter that repeats. Tests
#   need small numbers, or a real server.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts ioredis-mock@8.13.1 ioredis@5.8.2 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const Redis = require('ioredis-mock');
(async () => {
  const redis = new Redis();
  await redis.set('top', '9007199254740991');
  const drawn = [];
  for (let n = 0; n < 3; n++) drawn.push(await redis.incr('top'));
  console.log(`from 9007199254740991: ${drawn.join(' ')}`);
  await redis.set('half', '1.5');
  console.log(`from 1.5: ${await redis.incr('half')}`);
  await redis.set('text', 'abc');
  console.log(`from "abc": ${await redis.incr('text')}, then ${JSON.stringify(await redis.get('text'))}`);
  redis.disconnect();
})().catch((error) => console.log(error.message));
JS
node try.cjs >seen
cat seen
diff seen - <<'SEEN'
from 9007199254740991: 9007199254740992 9007199254740992 9007199254740992
from 1.5: 2.5
from "abc": NaN, then "NaN"
SEEN
