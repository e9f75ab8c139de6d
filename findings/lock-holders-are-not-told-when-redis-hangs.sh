#!/usr/bin/env bash
# Three of four npm locks that extend themselves go on being held for as long as Redis hangs, long after their lease is over.
#
# Guess: a lock that extends itself and tells its loss (a signal, a callback) tells it when the lease ends at the latest, also when
#   Redis does not answer: the holder needs nothing but its own clock for that.
# What was seen: the extension waits for its answer without a limit, and nothing else looks at the clock. redlock 5 and its fork
#   @sesamecare-oss/redlock never abort their signal, redis-semaphore never calls onLockLost and says isAcquired. redlock-universal
#   aborts, some time after the lease. A Redis that is gone (connection refused) is not needed for that: one that stands still is enough.
# Seen with redlock 5.0.0-beta.2, @sesamecare-oss/redlock 1.4.0, redis-semaphore 5.8.0, redlock-universal 0.8.5, ioredis 6.0.0,
# redis-server 7.0.15 (Debian 12), 2026-12-01, a lease of 4 s, Redis stopped once the lock is held, for 12 s:
#   redlock: has the lock for 12 s
#   @sesamecare-oss/redlock: has the lock for 12 s
#   redis-semaphore: has the lock for 12 s
#   redlock-universal: told late
# Why it matters here: when that Redis goes on, or its replica takes over, the key has expired and another holder comes beside the
#   first one. Who gives out numbers under such a lock must stop by its own monotonic clock, as agents and their leases do.
set -uo pipefail
work=$(mktemp -d)
server=
holders=()
trap 'kill -CONT $server 2>/dev/null; kill $server "${holders[@]}" 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund redlock@5.0.0-beta.2 @sesamecare-oss/redlock@1.4.0 redis-semaphore@5.8.0 \
  redlock-universal@0.8.5 ioredis@6.0.0 >/dev/null 2>&1 || exit 2
cat >hold.mjs <<'JS'
import { Redis } from 'ioredis';
const [, , name, port] = process.argv;
const leaseMs = 4000;
setTimeout(() => process.exit(2), 60_000).unref();
const redis = new Redis({ port, host: '127.0.0.1' });
redis.on('error', () => {});
await redis.ping();
let stoppedAt = Number.POSITIVE_INFINITY;
process.on('SIGUSR2', () => {
  stoppedAt = performance.now();
  setTimeout(() => say('has the lock for 12 s'), 12_000);
});
const say = (what) => {
  console.log(`${name}: ${what}`);
  process.exit();
};
const told = () => say(performance.now() - stoppedAt < leaseMs + 500 ? 'told in time' : 'told late');
process.on('unhandledRejection', told);
const work = async (signal) => {
  console.log('held');
  while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
  told();
};
if (name === 'redis-semaphore') {
  const { Mutex } = await import(name);
  await new Mutex(redis, name, { lockTimeout: leaseMs, onLockLost: told }).acquire();
  console.log('held');
} else if (name === 'redlock-universal') {
  const { createLock, IoredisAdapter } = await import(name);
  await createLock({ adapter: new IoredisAdapter(redis), key: name, ttl: leaseMs }).using(work);
} else {
  const module = await import(name);
  const Redlock = module.Redlock ?? module.default;
  await new Redlock([redis]).using([name], leaseMs, work);
}
JS
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
names=(redlock @sesamecare-oss/redlock redis-semaphore redlock-universal)
for name in "${names[@]}"; do
  node hold.mjs $name $port >said-${#holders[@]} 2>/dev/null &
  holders+=($!)
done
for _ in $(seq 300); do [ "$(cat said-* | grep -c held)" = 4 ] && break; sleep 0.1; done
kill -STOP $server
kill -USR2 "${holders[@]}" 2>/dev/null
wait "${holders[@]}"
kill -CONT $server
tail -qn 1 said-* | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
redlock: has the lock for 12 s
@sesamecare-oss/redlock: has the lock for 12 s
redis-semaphore: has the lock for 12 s
redlock-universal: told late
SEEN
