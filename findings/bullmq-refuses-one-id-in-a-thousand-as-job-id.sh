#!/usr/bin/env bash
# BullMQ takes a 64-bit ID as the id of a job, but for about one in a thousand, and no small one at all.
#
# Guess: an ID in decimal digits is refused always ("Custom Id cannot be integers") or never.
# What was seen: refused is what `parseInt` turns back into the same digits. Under 2^53 that is every ID; above, only those that
#   happen to be how JavaScript writes the number next to them, mostly round ones. The others are taken.
# Seen with bullmq 6.7.0, ioredis 6.0.0, redis-server 7.0.15 (Debian 12), Node 20.20 and 26.10, 2026-11-30:
#   1 to 4096: 4096 refused
#   a segment above 2^53, 4096 IDs: 2048 refused
#   4096 snowflakes of one millisecond: 4 refused, the first 7123458781010228000: Custom Id cannot be integers
# Why it matters here: a job that is named by its ID works in each test and fails once in a thousand orders. A letter in front helps.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts bullmq@6.7.0 ioredis@6.0.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
cat >try.mjs <<'JS'
import { Queue } from 'bullmq';
const queue = new Queue('orders', { connection: { host: '127.0.0.1', port: Number(process.argv[2]) } });
async function refused(what, start) {
  const all = Array.from({ length: 4096 }, (_, at) => String(start + BigInt(at)));
  const answers = await Promise.all(all.map((jobId) => queue.add('order', {}, { jobId }).then(() => undefined, (error) => `${jobId}: ${error.message}`)));
  const errors = answers.filter(Boolean);
  console.log(`${what}: ${errors.length} refused${errors.length < 100 ? `, the first ${errors[0]}` : ''}`);
}
await refused('1 to 4096', 1n);
await refused('a segment above 2^53, 4096 IDs', 2n ** 53n);
// Time, machine id 7 and each sequence: what a snowflake generator gives out within one millisecond.
await refused('4096 snowflakes of one millisecond', (1_698_364_920_857n << 22n) | (7n << 12n));
await queue.close();
process.exit();
JS
node try.mjs $port | tee seen
grep -qx '1 to 4096: 4096 refused' seen && grep -qx 'a segment above 2^53, 4096 IDs: 2048 refused' seen &&
  grep -Eq '^4096 snowflakes of one millisecond: [1-9] refused, the first [0-9]+: Custom Id cannot be integers$' seen ||
  { echo "behaves otherwise now" >&2; exit 1; }
