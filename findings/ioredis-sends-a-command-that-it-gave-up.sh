#!/usr/bin/env bash
# ioredis and iovalkey send a command seconds after they told its caller that it timed out, although it had never left the process.
#
# Guess: a command that waits for the connection when its commandTimeout ends is taken out of the queue; nobody waits for it now.
# What was seen: the promise is rejected with "Command timed out", the command stays queued, and is sent once the connection is back:
#   a SET … NX takes the lock with nobody to hold it, an INCR draws a number for nobody. node-redis and valkey-glide drop them.
# Seen with ioredis 6.0.0, iovalkey 0.4.0, node-redis 6.3.1, valkey-glide 2.5.2, redis-server 7.0.15 (Debian 12), 2026-12-01, with a
#   server that is away for about half a second and a timeout of 300 ms:
#   ioredis: timed out, then lock=me n=1
#   iovalkey: timed out, then lock=me n=1
#   node-redis: timed out, then lock=null n=null
#   valkey-glide: timed out, then lock=null n=null
# Why it matters here: the caller tries again or makes way, and the one that it made way for is itself. After an outage, all that was
#   given up during it arrives at once. A lease has to hold a token that its owner can tell again.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 iovalkey@0.4.0 redis@6.3.1 @valkey/valkey-glide@2.5.2 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
cat >late.mjs <<'JS'
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GlideClient } from '@valkey/valkey-glide';
import { Redis as Ioredis } from 'ioredis';
import Iovalkey from 'iovalkey';
import { createClient } from 'redis';

const redis = Number(process.argv[2]);
const direct = new Ioredis({ port: redis, host: '127.0.0.1' });
const quiet = (client) => client.on('error', () => {});
const kinds = {
  ioredis: (port) => quiet(new Ioredis({ port, host: '127.0.0.1', commandTimeout: 300 })),
  iovalkey: (port) => quiet(new Iovalkey({ port, host: '127.0.0.1', commandTimeout: 300 })),
  'node-redis': (port) => quiet(createClient({ url: `redis://127.0.0.1:${port}`, commandOptions: { timeout: 300 } })).connect(),
  'valkey-glide': (port) => GlideClient.createClient({ addresses: [{ host: '127.0.0.1', port }], requestTimeout: 300 }),
};
const nx = { 'node-redis': [{ condition: 'NX' }], 'valkey-glide': [{ conditionalSet: 'onlyIfDoesNotExist' }] };

for (const [name, make] of Object.entries(kinds)) {
  await direct.flushall();
  const sockets = new Set();
  const relay = () =>
    createServer((client) => {
      const server = connect(redis, '127.0.0.1');
      for (const [from, to] of [[client, server], [server, client]]) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy()).pipe(to);
      }
    });
  const before = relay().listen(0, '127.0.0.1');
  await once(before, 'listening');
  const { port } = before.address();
  const client = await make(port);
  await client.ping();
  before.close();
  for (const socket of sockets) socket.destroy();
  await sleep(100);
  const said = await Promise.allSettled([client.set('lock', 'me', ...(nx[name] ?? ['NX'])), client.incr('n')]);
  const after = relay().listen(port, '127.0.0.1');
  await sleep(3000);
  const told = said.every(({ status }) => status === 'rejected') ? 'timed out' : 'answered';
  console.log(`${name}: ${told}, then lock=${await direct.get('lock')} n=${await direct.get('n')}`);
  (client.disconnect ?? client.close).call(client);
  after.close();
  for (const socket of sockets) socket.destroy();
}
process.exit();
JS
timeout 60 node late.mjs $port 2>/dev/null | grep 'lock=' | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'ioredis: timed out, then lock=me n=1' 'iovalkey: timed out, then lock=me n=1' \
  'node-redis: timed out, then lock=null n=null' 'valkey-glide: timed out, then lock=null n=null')" ] || {
  echo "behaves otherwise now" >&2
  exit 1
}
