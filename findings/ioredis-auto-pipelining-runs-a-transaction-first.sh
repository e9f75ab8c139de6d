#!/usr/bin/env bash
# With enableAutoPipelining, ioredis and iovalkey carry out a transaction before the commands that were called before it.
#
# Guess: one client on one connection sends commands in the order of the calls, pipelined by itself or not.
# What was seen: plain commands wait for the end of the event loop's turn, multi() and pipeline() are sent at once. INCR of a fence and
#   then a MULTI that stores it beside its owner reads the number of the lease before. eval keeps its place.
# Seen with ioredis 6.0.0, iovalkey 0.4.0 and node-redis 6.3.1, which pipelines by itself too, redis-server 7.0.15 (Debian 12),
#   2026-12-01, for a fence at 1: what INCR says, and what the GET called after it says in MULTI, in a pipeline and in a script:
#   ioredis off: 2, MULTI 2, pipeline 2, script 2
#   ioredis on: 2, MULTI 1, pipeline 1, script 2
#   iovalkey on: 2, MULTI 1, pipeline 1, script 2
#   node-redis: 2, MULTI 2, pipeline 2, script 2
# Why it matters here: an option that is there to save time turns a write before a transaction into one after it: two leases with one fence.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 iovalkey@0.4.0 redis@6.3.1 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
cat >order.mjs <<'JS'
import { Redis as Ioredis } from 'ioredis';
import Iovalkey from 'iovalkey';
import { createClient } from 'redis';

const port = Number(process.argv[2]);
const script = "return redis.call('GET', 'fence')";
const clients = {
  'ioredis off': new Ioredis({ port, host: '127.0.0.1' }),
  'ioredis on': new Ioredis({ port, host: '127.0.0.1', enableAutoPipelining: true }),
  'iovalkey on': new Iovalkey({ port, host: '127.0.0.1', enableAutoPipelining: true }),
  'node-redis': await createClient({ url: `redis://127.0.0.1:${port}` }).connect(),
};
for (const [name, client] of Object.entries(clients)) {
  const other = name === 'node-redis';
  const after = async (call) => {
    await client.set('fence', 1);
    return Promise.all([client.incr('fence'), call()]).then(([drawn, read]) => [drawn, read?.flat?.(2).at(-1) ?? read]);
  };
  const [drawn, multi] = await after(() => client.multi().get('fence').exec());
  const [, pipeline] = await after(() => (other ? client.multi().get('fence').execAsPipeline() : client.pipeline().get('fence').exec()));
  const [, scripted] = await after(() => (other ? client.eval(script) : client.eval(script, 0)));
  console.log(`${name}: ${drawn}, MULTI ${multi}, pipeline ${pipeline}, script ${scripted}`);
}
process.exit();
JS
timeout 60 node order.mjs $port | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'ioredis off: 2, MULTI 2, pipeline 2, script 2' 'ioredis on: 2, MULTI 1, pipeline 1, script 2' \
  'iovalkey on: 2, MULTI 1, pipeline 1, script 2' 'node-redis: 2, MULTI 2, pipeline 2, script 2')" ] || {
  echo "behaves otherwise now" >&2
  exit 1
}
