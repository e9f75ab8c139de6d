#!/usr/bin/env bash
# ioredis and iovalkey carry out one INCR for as long as its answers are lost, whatever their maxRetriesPerRequest of 20 says.
#
# Guess: an INCR whose answers are lost is carried out once or twice, and with a maximum of 20 retries never more than 21 times.
# What was seen: the connection that was lost is made anew, which sets the count of tries back to 0, and the same INCR is sent again.
#   A maximum of 1 is no bound either, 0 is one. Of the others some repeat it a few times, some never.
# Seen with ioredis 6.0.0, iovalkey 0.4.0, node-redis 6.3.1, redis-py 8.1.0, valkey-py 6.2.0, go-redis 9.23.0, rueidis 1.0.79,
#   redis-server 7.0.15 (Debian 12), 2026-12-01, through a relay that loses the first 50 answers to an INCR together with the
#   connection, with all settings as they come (ioredis-1 and ioredis-0: with a maxRetriesPerRequest of 1 and of 0); what one call
#   of INCR says and how often it was carried out:
#   ioredis: answered 51, carried out 51
#   ioredis-1: answered 51, carried out 51
#   ioredis-0: raised, carried out 1
#   iovalkey: answered 51, carried out 51
#   node-redis: raised, carried out 1
#   redis-py: raised, carried out 11
#   valkey-py: raised, carried out 1
#   go-redis: raised, carried out 4
#   rueidis: raised, carried out 1
# Why it matters here: each time is a number drawn for nobody, and the caller is told nothing. Who counts what a caller may draw, or
#   whose proxy cuts answers off, sees a stream of draws from one call. maxRetriesPerRequest: 0 ends it.
set -uo pipefail
work=$(mktemp -d)
server= relay=
trap 'kill $server $relay 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q redis==8.1.0 valkey==6.2.0 >/dev/null 2>&1 || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 iovalkey@0.4.0 redis@6.3.1 >/dev/null 2>&1 || exit 2
cat >relay.mjs <<'JS'
import { connect, createServer } from 'node:net';

let lost = 0;
const relay = createServer((client) => {
  const server = connect(Number(process.argv[2]), '127.0.0.1');
  let asked = false;
  client.on('data', (data) => {
    asked ||= /\r\nINCR(BY)?\r\n/i.test(data.toString('latin1'));
    server.write(data);
  });
  server.on('data', (data) => {
    if (!asked || lost === 50) return client.write(data);
    lost++;
    client.destroy();
  });
  client.on('error', () => {}).on('close', () => server.destroy());
  server.on('error', () => {}).on('close', () => client.destroy());
}).listen(0, '127.0.0.1', () => console.log(relay.address().port));
JS
cat >incr.py <<'PY'
import importlib, sys

client = importlib.import_module(sys.argv[1].removesuffix("-py")).Redis(port=int(sys.argv[2]))
client.ping()
try:
    print("answered", client.incr("n"))
except Exception:
    print("raised")
PY
cat >incr.mjs <<'JS'
import { Redis as Ioredis } from 'ioredis';
import Iovalkey from 'iovalkey';
import { createClient } from 'redis';
const [, , name, port] = process.argv;
const at = { port, host: '127.0.0.1' };
const client = {
  ioredis: () => new Ioredis(at),
  'ioredis-1': () => new Ioredis({ ...at, maxRetriesPerRequest: 1 }),
  'ioredis-0': () => new Ioredis({ ...at, maxRetriesPerRequest: 0 }),
  iovalkey: () => new Iovalkey(at),
  'node-redis': () => createClient({ url: `redis://127.0.0.1:${port}` }),
}[name]();
client.on('error', () => {});
if (name === 'node-redis') await client.connect();
await client.ping();
console.log(await client.incr('n').then((number) => `answered ${number}`, () => 'raised'));
process.exit();
JS
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func main() {
	background, address := context.Background(), "127.0.0.1:"+os.Args[2]
	var number int64
	var err error
	if os.Args[1] == "rueidis" {
		client, wrong := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}})
		if wrong != nil {
			os.Exit(2)
		}
		number, err = client.Do(background, client.B().Incr().Key("n").Build()).AsInt64()
	} else {
		client := redis.NewClient(&redis.Options{Addr: address})
		client.Ping(background)
		number, err = client.Incr(background, "n").Result()
	}
	if err != nil {
		fmt.Println("raised")
	} else {
		fmt.Println("answered", number)
	}
}
GO
{ go mod init seen && go get github.com/redis/go-redis/v9@v9.23.0 github.com/redis/rueidis@v1.0.79 && go build -o incr .; } >/dev/null 2>&1 ||
  exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
once() {
  redis-cli -p $port flushall >/dev/null
  : >relayed
  node relay.mjs $port >relayed &
  relay=$!
  until [ -s relayed ]; do kill -0 $relay || exit 2; sleep 0.1; done
  said=$(timeout 60 "${@:2}" "$1" "$(cat relayed)" 2>/dev/null | tail -1)
  kill $relay
  echo "$1: $said, carried out $(redis-cli -p $port get n)"
}
{
  once ioredis node incr.mjs
  once ioredis-1 node incr.mjs
  once ioredis-0 node incr.mjs
  once iovalkey node incr.mjs
  once node-redis node incr.mjs
  once redis-py venv/bin/python incr.py
  once valkey-py venv/bin/python incr.py
  once go-redis ./incr
  once rueidis ./incr
} | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ioredis: answered 51, carried out 51
ioredis-1: answered 51, carried out 51
ioredis-0: raised, carried out 1
iovalkey: answered 51, carried out 51
node-redis: raised, carried out 1
redis-py: raised, carried out 11
valkey-py: raised, carried out 1
go-redis: raised, carried out 4
rueidis: raised, carried out 1
SEEN
