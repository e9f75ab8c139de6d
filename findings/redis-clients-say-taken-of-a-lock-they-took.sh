#!/usr/bin/env bash
# Three of six Redis clients tell the holder of a lock that somebody else has it, when the answer to its SET … NX is lost.
#
# Guess: a connection lost between SET … NX and its answer is an error in every client, since nobody can know whether it was set.
# What was seen: redis-py, ioredis and go-redis send the command again by themselves, by default. The second SET finds the first
#   one's key, and its nil is told as "not yours", without an error. Nobody holds the lock then, for as long as its TTL says.
#   valkey-py, node-redis and rueidis raise. redislock, on go-redis, asks by a script whose second run knows its own token.
# Seen with redis-py 8.1.0, valkey-py 6.2.0, ioredis 6.0.0, node-redis 6.3.1, go-redis 9.23.0, rueidis 1.0.79, redislock 0.9.4,
# redis-server 7.0.15 (Debian 12), 2026-11-30:
#   redis-py: False; the lock is in Redis
#   ioredis: null; the lock is in Redis
#   go-redis: false <nil>; the lock is in Redis
#   valkey-py: raised; the lock is in Redis
#   node-redis: raised; the lock is in Redis
#   rueidis: raised; the lock is in Redis
#   redislock: has it; the lock is in Redis
# Why it matters here: who makes way for the holder waits a whole TTL for itself. "Not mine" has to be compared with one's own
#   token, or the client told not to repeat.
set -uo pipefail
work=$(mktemp -d)
server= relay=
trap 'kill $server $relay 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q redis==8.1.0 valkey==6.2.0 >/dev/null 2>&1 || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null 2>&1 || exit 2
cat >relay.py <<'PY'
import socket, sys, threading

# Passes all on, but for the answer to the first SET … NX (or the first script): in its place it closes both connections.
to, asked = int(sys.argv[1]), []

def pass_on(here, there, answers):
    try:
        while data := here.recv(65536):
            if not answers and not asked and (b"\r\nNX\r\n" in data.upper() or b"\r\nEVALSHA\r\n" in data.upper()):
                asked.append(there)
            if answers and asked == [here]:
                asked.append(None)
                break
            there.sendall(data)
    except OSError:
        pass
    for each in (here, there):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client = listener.accept()[0]
    server = socket.create_connection(("127.0.0.1", to))
    threading.Thread(target=pass_on, args=(client, server, False), daemon=True).start()
    threading.Thread(target=pass_on, args=(server, client, True), daemon=True).start()
PY
cat >lock.py <<'PY'
import importlib, sys

client = importlib.import_module(sys.argv[1].removesuffix("-py")).Redis(port=int(sys.argv[2]))
client.ping()
try:
    print(client.lock("lock", timeout=30).acquire(blocking=False))
except Exception:
    print("raised")
PY
cat >lock.mjs <<'JS'
import { Redis } from 'ioredis';
import { createClient } from 'redis';
const [, , name, port] = process.argv;
const client = name === 'ioredis' ? new Redis({ port, host: '127.0.0.1' }) : createClient({ url: `redis://127.0.0.1:${port}` });
client.on('error', () => {});
if (name !== 'ioredis') await client.connect();
await client.ping();
const options = name === 'ioredis' ? ['PX', 30_000, 'NX'] : [{ condition: 'NX', expiration: { type: 'PX', value: 30_000 } }];
console.log(await client.set('lock', 'me', ...options).catch(() => 'raised'));
process.exit();
JS
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func main() {
	background, address := context.Background(), "127.0.0.1:"+os.Args[2]
	if os.Args[1] == "rueidis" {
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}})
		if err != nil {
			os.Exit(2)
		}
		set := client.B().Set().Key("lock").Value("me").Nx().PxMilliseconds(30_000).Build()
		if err := client.Do(background, set).Error(); err != nil && !rueidis.IsRedisNil(err) {
			fmt.Println("raised")
		}
		return
	}
	client := redis.NewClient(&redis.Options{Addr: address})
	client.Ping(background)
	if os.Args[1] == "go-redis" {
		fmt.Println(client.SetNX(background, "lock", "me", 30*time.Second).Result())
	} else if _, err := redislock.Obtain(background, client, "lock", 30*time.Second, nil); err == nil {
		fmt.Println("has it")
	} else {
		fmt.Println(err)
	}
}
GO
{ go mod init seen && go get github.com/redis/go-redis/v9@v9.23.0 github.com/redis/rueidis@v1.0.79 github.com/bsm/redislock@v0.9.4 &&
  go build -o lock .; } >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
after() {
  redis-cli -p $port flushall >/dev/null
  # A script that is not there yet would be answered with NOSCRIPT, and that be lost.
  [ "$1" = redislock ] && ./lock redislock $port >/dev/null && redis-cli -p $port flushall async >/dev/null
  python3 relay.py $port >relayed &
  relay=$!
  until [ -s relayed ]; do sleep 0.1; done
  said=$(timeout 30 "${@:2}" "$1" "$(cat relayed)" 2>/dev/null | tail -1)
  kill $relay
  : >relayed
  echo "$1: $said; the lock is $([ "$(redis-cli -p $port exists lock)" = 1 ] && echo in || echo not in) Redis"
}
{
  after redis-py venv/bin/python lock.py
  after ioredis node lock.mjs
  after go-redis ./lock
  after valkey-py venv/bin/python lock.py
  after node-redis node lock.mjs
  after rueidis ./lock
  after redislock ./lock
} | tee seen
here='the lock is in Redis'
[ "$(cat seen)" = "$(printf "%s; $here\n" 'redis-py: False' 'ioredis: null' 'go-redis: false <nil>' 'valkey-py: raised' \
  'node-redis: raised' 'rueidis: raised' 'redislock: has it')" ] || { echo "behaves otherwise now" >&2; exit 1; }
