#!/usr/bin/env bash
# Lettuce carries out one INCR for as long as its answers are lost; clients of a Redis Cluster do it 5, 11 or 17 times.
#
# Guess: each cluster client does it as often at most as its settings say: ioredis and node-redis 16 times, Jedis 5, redis-py 3. Lettuce
#   sends again what was under way when it is connected anew, and ends at its timeout.
# What was seen: Lettuce did it as often as answers were lost (30 here, 50 in a longer try), alone and in a cluster. ioredis and iovalkey
#   count a lost connection as a redirection: 17 times, and the error says "Too many Cluster redirections". redis-py 11 times,
#   node-redis once, Jedis 5 times as guessed.
# Seen with Lettuce 7.7.0, Jedis 8.0.2, ioredis 6.0.0, iovalkey 0.4.0, node-redis 6.3.1 and 5.12.1, redis-py 8.1.0, redis-server 7.0.15
# (Debian 12), 2026-12-01, a cluster of one node behind a relay that loses the first 30 answers to each caller's INCR together with the
# connection, with all settings as they come; what one call of INCR says and how often it was carried out:
#   ioredis: Too many Cluster redirections, carried out 17
#   iovalkey: Too many Cluster redirections, carried out 17
#   node-redis: raised, carried out 1
#   node-redis-5: raised, carried out 1
#   redis-py: raised, carried out 11
#   lettuce: answered 31, carried out 31
#   lettuce-cluster: answered 31, carried out 31
#   jedis: raised, carried out 1
#   jedis-cluster: raised, carried out 5
# Why it matters here: every time is a number drawn for nobody. Lettuce is what Spring Data Redis uses: one increment of an application
#   empties whole segments when a proxy cuts answers off. And who reads "redirections" looks at slots, not at the network.
set -uo pipefail
work=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null; rm -rf "$work"' EXIT
for program in redis-server redis-cli mvn javac python3; do
  command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }
done
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q redis==8.1.0 >/dev/null 2>&1 || exit 2
npm install --silent --no-audit --no-fund ioredis@6.0.0 iovalkey@0.4.0 redis@6.3.1 redis5@npm:redis@5.12.1 >/dev/null 2>&1 || exit 2
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>seen</groupId><artifactId>seen</artifactId><version>1</version>
<dependencies>
<dependency><groupId>redis.clients</groupId><artifactId>jedis</artifactId><version>8.0.2</version></dependency>
<dependency><groupId>io.lettuce</groupId><artifactId>lettuce-core</artifactId><version>7.7.0.RELEASE</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 || exit 2
cat >relay.mjs <<'JS'
import { connect, createServer } from 'node:net';

const lost = {};
createServer((client) => {
  const server = connect(Number(process.argv[2]), '127.0.0.1');
  let asked;
  client.on('data', (data) => {
    asked ??= /\r\nINCR(?:BY)?\r\n\$\d+\r\n(.*)\r\n/i.exec(data.toString('latin1'))?.[1];
    server.write(data);
  });
  server.on('data', (data) => {
    if (!asked || lost[asked] === 30) return client.write(data);
    lost[asked] = (lost[asked] ?? 0) + 1;
    client.destroy();
  });
  client.on('error', () => {}).on('close', () => server.destroy());
  server.on('error', () => {}).on('close', () => client.destroy());
}).listen(Number(process.argv[3]), '127.0.0.1');
JS
cat >incr.py <<'PY'
import sys, redis

client = redis.RedisCluster(host="127.0.0.1", port=int(sys.argv[2]))
client.get(sys.argv[1])
try:
    print("answered", client.incr(sys.argv[1]))
except Exception:
    print("raised")
PY
cat >incr.mjs <<'JS'
import { Cluster } from 'ioredis';
import Iovalkey from 'iovalkey';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis5';
const [, , name, port] = process.argv;
const at = { host: '127.0.0.1', port: Number(port) };
const rootNodes = [{ url: `redis://127.0.0.1:${port}` }];
const client = {
  ioredis: () => new Cluster([at]),
  iovalkey: () => new Iovalkey.Cluster([at]),
  'node-redis': () => createCluster({ rootNodes }),
  'node-redis-5': () => createCluster5({ rootNodes }),
}[name]();
client.on('error', () => {});
if (name.startsWith('node-redis')) await client.connect();
await client.get(name);
const raised = ({ message }) => (message.startsWith('Too many Cluster') ? 'Too many Cluster redirections' : 'raised');
console.log(await client.incr(name).then((number) => `answered ${number}`, raised));
process.exit();
JS
cat >Incr.java <<'JAVA'
import io.lettuce.core.RedisClient;
import io.lettuce.core.cluster.RedisClusterClient;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.UnifiedJedis;

public class Incr {
    public static void main(String[] args) {
        String name = args[0], url = "redis://127.0.0.1:" + args[1];
        HostAndPort at = new HostAndPort("127.0.0.1", Integer.parseInt(args[1]));
        try {
            System.out.println("answered " + switch (name) {
                case "lettuce" -> {
                    var redis = RedisClient.create(url).connect().sync();
                    redis.get(name);
                    yield redis.incr(name);
                }
                case "lettuce-cluster" -> {
                    var redis = RedisClusterClient.create(url).connect().sync();
                    redis.get(name);
                    yield redis.incr(name);
                }
                default -> {
                    UnifiedJedis client = name.equals("jedis") ? redis.clients.jedis.RedisClient.create(at)
                        : redis.clients.jedis.RedisClusterClient.create(at);
                    client.get(name);
                    yield client.incr(name);
                }
            });
        } catch (Exception raised) {
            System.out.println("raised");
        }
        System.exit(0);
    }
}
JAVA
javac -cp 'lib/*' Incr.java >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000)) relayed=$((10000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" --cluster-enabled yes --cluster-announce-ip 127.0.0.1 \
  --cluster-announce-port $relayed >/dev/null &
running+=($!)
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 ${running[0]} || exit 2; sleep 0.1; done
redis-cli -p $port cluster addslotsrange 0 16383 >/dev/null
until redis-cli -p $port cluster info | grep -q state:ok; do sleep 0.1; done
node relay.mjs $port $relayed &
running+=($!)
until (: <"/dev/tcp/127.0.0.1/$relayed") 2>/dev/null; do kill -0 ${running[1]} || exit 2; sleep 0.1; done
callers=()
call() {
  timeout 70 "${@:2}" "$1" $relayed >"said-$1" 2>/dev/null &
  callers+=($!)
}
for name in ioredis iovalkey node-redis node-redis-5; do call $name node incr.mjs; done
call redis-py venv/bin/python incr.py
for name in lettuce lettuce-cluster jedis jedis-cluster; do call $name java -cp 'lib/*:.' Incr; done
wait "${callers[@]}"
for name in ioredis iovalkey node-redis node-redis-5 redis-py lettuce lettuce-cluster jedis jedis-cluster; do
  echo "$name: $(tail -1 "said-$name"), carried out $(redis-cli -p $port get $name)"
done | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ioredis: Too many Cluster redirections, carried out 17
iovalkey: Too many Cluster redirections, carried out 17
node-redis: raised, carried out 1
node-redis-5: raised, carried out 1
redis-py: raised, carried out 11
lettuce: answered 31, carried out 31
lettuce-cluster: answered 31, carried out 31
jedis: raised, carried out 1
jedis-cluster: raised, carried out 5
SEEN
