#!/usr/bin/env bash
# Redisson hands out a permit, an entry and a turn that others hold, if the clock of the process that asks is twenty minutes ahead.
#
# Guess: leases that are in Redis for ten minutes end by the clock of Redis: nothing that a client says of the time ends another's.
# What was seen: RPermitExpirableSemaphore, RMapCache and RRateLimiter send the client's own time along, and what is over by it
#   is free, also if another process took it a moment ago. RLock, a key with a TTL, and RFairLock hold.
# Seen with Redisson 4.0.0, libfaketime 0.9.10, redis-server 7.0.15 (Debian 12), OpenJDK 17, 2026-12-01: what a second process gets
#   while the first has it for ten minutes:
#   RPermitExpirableSemaphore: right clock no, 20 min ahead yes
#   RMapCache.putIfAbsent: right clock no, 20 min ahead yes
#   RRateLimiter: right clock no, 20 min ahead yes
#   RFairLock: right clock no, 20 min ahead no
#   RLock: right clock no, 20 min ahead no
# Why it matters here: a worker number that is claimed by a permit or by putIfAbsent is given twice when one machine's clock is wrong,
#   the very thing that IDs with a time in them suffer from. In ours, Redis's clock counts.
. "$(dirname "$(readlink -f "$0")")/debian.sh"
set -uo pipefail
command -v redis-server >/dev/null && command -v mvn >/dev/null && command -v javac >/dev/null || {
  echo "needs Debian's redis-server, maven and a JDK" >&2
  exit 2
}
unpack libfaketime
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>seen</groupId><artifactId>seen</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.redisson</groupId><artifactId>redisson</artifactId><version>4.0.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >/dev/null 2>&1 || exit 2
cat >Ask.java <<'JAVA'
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.redisson.Redisson;
import org.redisson.api.*;
import org.redisson.config.Config;

public class Ask {
    public static void main(String[] args) throws Exception {
        Config config = new Config();
        config.useSingleServer().setAddress("redis://127.0.0.1:" + args[0]);
        RedissonClient redis = Redisson.create(config);
        RPermitExpirableSemaphore semaphore = redis.getPermitExpirableSemaphore("permits");
        semaphore.trySetPermits(1);
        tell("RPermitExpirableSemaphore", semaphore.tryAcquire(300, 600_000, TimeUnit.MILLISECONDS) != null);
        RMapCache<String, String> map = redis.getMapCache("map");
        tell("RMapCache.putIfAbsent", map.putIfAbsent("worker 1", args[1], 10, TimeUnit.MINUTES) == null);
        RRateLimiter limiter = redis.getRateLimiter("rate");
        limiter.trySetRate(RateType.OVERALL, 1, Duration.ofMinutes(10));
        tell("RRateLimiter", limiter.tryAcquire());
        tell("RFairLock", redis.getFairLock("fair").tryLock(300, 600_000, TimeUnit.MILLISECONDS));
        tell("RLock", redis.getLock("lock").tryLock(300, 600_000, TimeUnit.MILLISECONDS));
        System.exit(0);
    }

    static void tell(String name, boolean got) {
        System.out.println(name + ": " + (got ? "yes" : "no"));
    }
}
JAVA
javac -cp 'lib/*' Ask.java 2>/dev/null || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
running+=($!)
listening $port
ask() { timeout 60 "${@:2}" java -cp 'lib/*:.' Ask $port "$1" 2>/dev/null | grep '^R'; }
ask first >first
[ "$(grep -c ': yes$' first)" = 5 ] || exit 2
ask second >second
ask third env LD_PRELOAD="$libraries/faketime/libfaketime.so.1" FAKETIME=+20m FAKETIME_DONT_FAKE_MONOTONIC=1 >third
paste -d' ' <(sed 's/: /: right clock /; s/$/, 20 min ahead/' second) <(sed 's/.*: //' third) | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
RPermitExpirableSemaphore: right clock no, 20 min ahead yes
RMapCache.putIfAbsent: right clock no, 20 min ahead yes
RRateLimiter: right clock no, 20 min ahead yes
RFairLock: right clock no, 20 min ahead no
RLock: right clock no, 20 min ahead no
SEEN
