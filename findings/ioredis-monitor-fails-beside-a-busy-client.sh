#!/usr/bin/env bash
# ioredis cannot reliably watch a Redis that is in use: monitor() is rejected when another client is busy.
#
# Guess: monitor() resolves, whatever other clients of that Redis are doing. That is what MONITOR is for.
# What was seen: nearly each time it is rejected with "Command queue state error. If you can reproduce this, please report it.
#   Last reply: 1796072000.123456 [0 127.0.0.1:40000] "incr" "n"", and raises errors that the caller cannot catch, too. The
#   client takes lines of the feed for answers until a promise has told it that MONITOR was answered, so a line in the same
#   chunk answers nothing.
# Seen with ioredis 6.0.0, redis-server 7.0.15 (Debian 12), Node 20.20 and 26.10, 2026-11-30:
#   idle: 20 of 20 watch; beside a client that sends INCR: 1 of 20 watch, and errors outside of the promise
# Why it matters here: a test that looked at what a coordinator asks Redis failed now and then, on a loaded machine only.
set -uo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
cat >try.mjs <<'JS'
import { Redis } from 'ioredis';
const client = () => new Redis({ host: '127.0.0.1', port: Number(process.argv[2]), retryStrategy: null });
// The error is one that the caller's `catch` does not get.
let thrown = 0;
process.on('uncaughtException', () => thrown++);
async function watching() {
  let watched = 0;
  for (let round = 0; round < 20; round++) {
    const redis = client();
    await redis.monitor().then((monitor) => { watched++; monitor.disconnect(); }, () => {});
    redis.disconnect();
  }
  return watched;
}
const idle = await watching();
const busy = client();
let going = true;
const load = (async () => { while (going) await Promise.all(Array.from({ length: 50 }, () => busy.incr('n'))); })();
const beside = await watching();
going = false;
await load;
busy.disconnect();
console.log(`idle: ${idle} of 20 watch; beside a client that sends INCR: ${beside} of 20 watch, and ${thrown > 0 ? 'errors' : 'no error'} outside of the promise`);
process.exit(0);
JS
for _ in $(seq 50); do (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.1; done
node try.mjs $port | tee seen
grep -Eq '^idle: 20 of 20 watch; beside a client that sends INCR: ([0-9]|1[0-5]) of 20 watch, and errors outside of the promise$' seen || { echo "behaves otherwise now" >&2; exit 1; }
