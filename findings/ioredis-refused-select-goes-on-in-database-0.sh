#!/usr/bin/env bash
# ioredis asked for a database that the server lacks works on database 0, with commands that succeed.
#
# Guess: with `db: 5` and a server that has one database, no command succeeds: the connection is not ready, or each is refused.
# What was seen: the refused SELECT is an `error` event; the client is "ready" after it, and SET writes into database 0.
# Seen with ioredis 6.0.0, redis-server 7.0.15 (Debian 12), Node 24.21, 2026-11-30:
#   error events: 1; SET: OK; in database 0: here
# Why it matters here: two deployments that are told apart by their database share locks and fences on such a server.
set -uo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --databases 1 --save '' --dir "$work" >/dev/null &
server=$!
cat >try.mjs <<'JS'
import { Redis } from 'ioredis';
const wanted = new Redis({ host: '127.0.0.1', port: Number(process.argv[2]), db: 5 });
const errors = [];
wanted.on('error', (error) => errors.push(error.message));
await new Promise((resolve) => wanted.once('ready', resolve));
const answer = await wanted.set('where', 'here');
const plain = new Redis({ host: '127.0.0.1', port: Number(process.argv[2]) });
console.log(`error events: ${errors.filter((text) => /DB index/.test(text)).length}; SET: ${answer}; in database 0: ${await plain.get('where')}`);
wanted.disconnect();
plain.disconnect();
JS
for _ in $(seq 50); do (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.1; done
node try.mjs $port | tee seen
grep -q '^error events: [1-9][0-9]*; SET: OK; in database 0: here$' seen || { echo "behaves otherwise now" >&2; exit 1; }
