#!/usr/bin/env bash
# jedis-mock counts on into negative numbers where Redis refuses, and answers a failed command in EXEC as a lost WATCH.
#
# Guess: the Redis that runs inside Java tests answers INCR at 2^63 - 1, and of "007", with the errors of Redis, and EXEC of a transaction
#   with one wrong command with a list.
# What was seen: INCR, DECR and INCRBY wrap around without an error and keep that; HINCRBY does not. "007" and "+7" are counted. EXEC with
#   a command that fails answers nil, carries out what stands before it and leaves out what stands behind: to a caller nil means "somebody
#   changed what I watched, nothing was done, try again".
# Seen with com.github.fppt:jedis-mock 1.1.11, redis.clients:jedis 6.0.0, redis-server 7.0.15 (Debian 12), Java 17.0.15, 2026-12-01:
#   INCR at 2^63 - 1: jedis-mock -9223372036854775808, Redis error
#   DECR at -2^63: jedis-mock 9223372036854775807, Redis error
#   INCRBY 100 at 2^63 - 8: jedis-mock -9223372036854775716, Redis error
#   HINCRBY at 2^63 - 1: jedis-mock error, Redis error
#   INCR of 007: jedis-mock 8, Redis error
#   INCR of +7: jedis-mock 8, Redis error
#   EXEC of INCR n, word, m: jedis-mock nil, n is 1, m is 0; Redis 3 answers, n is 1, m is 1
# Why it matters here: tests of what happens at the end of the numbers are green for negative IDs, and the usual loop "until EXEC
#   isn't nil" draws in tests again and again.
set -uo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null && command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs redis-server, Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.github.fppt</groupId><artifactId>jedis-mock</artifactId><version>1.1.11</version></dependency>
<dependency><groupId>redis.clients</groupId><artifactId>jedis</artifactId><version>6.0.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.github.fppt.jedismock.RedisServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;

public class Seen {
  static String at(Jedis redis, String start, Function<Jedis, Long> draw) {
    redis.set("n", start);
    redis.del("h");
    redis.hset("h", "n", start);
    try {
      return String.valueOf(draw.apply(redis));
    } catch (JedisDataException refused) {
      return "error";
    }
  }

  static String transaction(Jedis redis) {
    redis.set("n", "0");
    redis.set("word", "x");
    redis.set("m", "0");
    Transaction transaction = redis.multi();
    transaction.incr("n");
    transaction.incr("word");
    transaction.incr("m");
    List<Object> answers = transaction.exec();
    return (answers == null ? "nil" : answers.size() + " answers") + ", n is " + redis.get("n") + ", m is " + redis.get("m");
  }

  static Map<String, String> all(int port) {
    Map<String, String> told = new LinkedHashMap<>();
    try (Jedis redis = new Jedis("127.0.0.1", port)) {
      told.put("INCR at 2^63 - 1", at(redis, "9223372036854775807", r -> r.incr("n")));
      told.put("DECR at -2^63", at(redis, "-9223372036854775808", r -> r.decr("n")));
      told.put("INCRBY 100 at 2^63 - 8", at(redis, "9223372036854775800", r -> r.incrBy("n", 100)));
      told.put("HINCRBY at 2^63 - 1", at(redis, "9223372036854775807", r -> r.hincrBy("h", "n", 1)));
      told.put("INCR of 007", at(redis, "007", r -> r.incr("n")));
      told.put("INCR of +7", at(redis, "+7", r -> r.incr("n")));
      told.put("EXEC of INCR n, word, m", transaction(redis));
    }
    return told;
  }

  public static void main(String[] args) throws Exception {
    RedisServer mock = RedisServer.newRedisServer(0).start();
    Map<String, String> ofMock = all(mock.getBindPort()), ofRedis = all(Integer.parseInt(args[0]));
    ofMock.forEach((what, told) ->
        System.out.println(what + ": jedis-mock " + told + (told.contains(",") ? "; " : ", ") + "Redis " + ofRedis.get(what)));
    System.exit(0);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java 2>/dev/null || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
timeout 60 java -cp "$(cat path.txt):." Seen $port 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
INCR at 2^63 - 1: jedis-mock -9223372036854775808, Redis error
DECR at -2^63: jedis-mock 9223372036854775807, Redis error
INCRBY 100 at 2^63 - 8: jedis-mock -9223372036854775716, Redis error
HINCRBY at 2^63 - 1: jedis-mock error, Redis error
INCR of 007: jedis-mock 8, Redis error
INCR of +7: jedis-mock 8, Redis error
EXEC of INCR n, word, m: jedis-mock nil, n is 1, m is 0; Redis 3 answers, n is 1, m is 1
SEEN
