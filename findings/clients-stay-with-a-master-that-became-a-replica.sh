#!/usr/bin/env bash
# Seven of eight Redis clients go on asking a master that has become a replica, for as long as the connection lives.
#
# Guess: behind one address (a service, a proxy, a virtual IP), READONLY tells a client that its connection leads to the wrong server:
#   each drops it, and the second INCR at the latest goes to the new master.
# What was seen: go-redis does so, and its caller sees no error. The others tell READONLY and ask the same server again, each time.
#   ioredis has an option for it (reconnectOnError) and leaves it off.
# Seen with ioredis 6.0.0, node-redis 6.3.1, redis-py 8.1.0, valkey-py 6.2.0, Jedis 8.0.2, Lettuce 7.7.0, rueidis 1.0.79, go-redis
# 9.23.0, redis-server 7.0.15 (Debian 12), 2026-12-01, with all settings as they come, through a relay that takes new connections to
# the new master and leaves the old ones; six INCRs, one a second, after the change:
#   ioredis: 6 READONLY
#   node-redis: 6 READONLY
#   redis-py: 6 READONLY
#   valkey-py: 6 READONLY
#   jedis: 6 READONLY
#   lettuce: 6 READONLY
#   rueidis: 6 READONLY
#   go-redis: 6 answered
# Why it matters here: an application draws no number until it is restarted, while a new process beside it draws them at once. Sentinel
#   cuts all connections when it turns a master into a replica; an operator's REPLICAOF does not.
set -uo pipefail
work=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null; rm -rf "$work"' EXIT
for program in redis-server redis-cli mvn javac python3 go; do
  command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }
done
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q redis==8.1.0 valkey==6.2.0 >/dev/null 2>&1 || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null 2>&1 || exit 2
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>seen</groupId><artifactId>seen</artifactId><version>1</version>
<dependencies>
<dependency><groupId>redis.clients</groupId><artifactId>jedis</artifactId><version>8.0.2</version></dependency>
<dependency><groupId>io.lettuce</groupId><artifactId>lettuce-core</artifactId><version>7.7.0.RELEASE</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 || exit 2
cat >incr.py <<'PY'
import importlib, sys

client = importlib.import_module(sys.argv[1].removesuffix("-py")).Redis(port=int(sys.argv[2]))
for line in sys.stdin:
    try:
        client.incr("n")
        print("answered", flush=True)
    except Exception as error:
        print("READONLY" if "read only" in str(error) else "raised", flush=True)
PY
cat >incr.mjs <<'JS'
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
const [, , name, port] = process.argv;
const client = name === 'ioredis' ? new Redis({ port, host: '127.0.0.1' }) : createClient({ url: `redis://127.0.0.1:${port}` });
client.on('error', () => {});
if (name !== 'ioredis') await client.connect();
for await (const _ of createInterface({ input: process.stdin }))
  console.log(await client.incr('n').then(() => 'answered', (error) => (/^READONLY/.test(error.message) ? 'READONLY' : 'raised')));
process.exit();
JS
cat >Incr.java <<'JAVA'
import java.util.Scanner;
import java.util.function.LongSupplier;

public class Incr {
    public static void main(String[] args) {
        int port = Integer.parseInt(args[1]);
        LongSupplier incr;
        if (args[0].equals("lettuce")) {
            var client = io.lettuce.core.RedisClient.create("redis://127.0.0.1:" + port).connect().sync();
            incr = () -> client.incr("n");
        } else {
            var client = redis.clients.jedis.RedisClient.create("127.0.0.1", port);
            incr = () -> client.incr("n");
        }
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); lines.nextLine()) {
            try {
                incr.getAsLong();
                System.out.println("answered");
            } catch (Exception error) {
                System.out.println(error.getMessage().startsWith("READONLY") ? "READONLY" : "raised");
            }
        }
        System.exit(0);
    }
}
JAVA
javac -cp 'lib/*' Incr.java >/dev/null 2>&1 || exit 2
cat >main.go <<'GO'
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func main() {
	background, address := context.Background(), "127.0.0.1:"+os.Args[2]
	client := redis.NewClient(&redis.Options{Addr: address})
	incr := func() error { return client.Incr(background, "n").Err() }
	if os.Args[1] == "rueidis" {
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}})
		if err != nil {
			os.Exit(2)
		}
		incr = func() error { return client.Do(background, client.B().Incr().Key("n").Build()).Error() }
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := incr(); err == nil {
			fmt.Println("answered")
		} else if strings.HasPrefix(err.Error(), "READONLY") {
			fmt.Println("READONLY")
		} else {
			fmt.Println("raised")
		}
	}
}
GO
{ go mod init seen && go get github.com/redis/go-redis/v9@v9.23.0 github.com/redis/rueidis@v1.0.79 && go build -o incr .; } >/dev/null 2>&1 ||
  exit 2
cat >relay.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const relay = createServer((client) => {
  const server = connect(Number(readFileSync('master', 'utf8')), '127.0.0.1');
  client.pipe(server).pipe(client);
  client.on('error', () => {}).on('close', () => server.destroy());
  server.on('error', () => {}).on('close', () => client.destroy());
}).listen(0, '127.0.0.1', () => console.log(relay.address().port));
JS
first=$((20000 + RANDOM % 10000)) second=$((10000 + RANDOM % 10000))
for port in $first $second; do
  redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
  running+=($!)
  until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $! || exit 2; sleep 0.1; done
done
redis-cli -p $second replicaof 127.0.0.1 $first >/dev/null
until redis-cli -p $second info replication | grep -q link_status:up; do sleep 0.1; done
echo $first >master
node relay.mjs >relayed &
running+=($!)
until [ -s relayed ]; do sleep 0.1; done
names=(ioredis node-redis redis-py valkey-py jedis lettuce rueidis go-redis)
declare -A to
for name in "${names[@]}"; do
  mkfifo "asks-$name"
  case $name in
    ioredis | node-redis) program=(node incr.mjs) ;;
    *-py) program=(venv/bin/python incr.py) ;;
    jedis | lettuce) program=(java -cp 'lib/*:.' Incr) ;;
    *) program=(./incr) ;;
  esac
  "${program[@]}" $name "$(cat relayed)" <"asks-$name" >"said-$name" 2>/dev/null &
  running+=($!)
  exec {to[$name]}>"asks-$name"
done
# All ask at once; waits until each has answered so often.
ask() {
  for name in "${names[@]}"; do echo >&${to[$name]}; done
  for name in "${names[@]}"; do
    for _ in $(seq 300); do [ "$(wc -l <"said-$name")" -ge $1 ] && break; sleep 0.1; done
  done
}
ask 1
echo $second >master
redis-cli -p $second replicaof no one >/dev/null
redis-cli -p $first replicaof 127.0.0.1 $second >/dev/null
for time in 2 3 4 5 6 7; do sleep 1; ask $time; done
for name in "${names[@]}"; do echo "$name: $(tail -n +2 "said-$name" | sort | uniq -c | xargs)"; done | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ioredis: 6 READONLY
node-redis: 6 READONLY
redis-py: 6 READONLY
valkey-py: 6 READONLY
jedis: 6 READONLY
lettuce: 6 READONLY
rueidis: 6 READONLY
go-redis: 6 answered
SEEN
