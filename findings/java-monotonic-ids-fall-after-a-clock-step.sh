#!/usr/bin/env bash
# Java's monotonic ULIDs and UUIDs fall after a clock step: each from another size on, two kinds of one author 10 ms and 10 s apart.
#
# Guess: a monotonic factory that keeps its last ID goes on from it when the clock steps back, whatever the size, or throws.
# What was seen: JUG and sulky's `nextMonotonicValue` fall at each step. ULID Creator holds for ten seconds, UUID Creator, by the same author
#   and with the same "plus 1", for some ten ms. Beyond that all take the new time and say nothing. Only TSID Creator holds always.
# Seen with com.fasterxml.uuid:java-uuid-generator 5.1.0, de.huxhorn.sulky:de.huxhorn.sulky.ulid 8.3.0, com.github.f4b6a3:uuid-creator 6.1.1,
#   ulid-creator 5.2.3, tsid-creator 5.2.6, Java 17.0.15, 2026-12-01:
#   JUG, UUIDv7: falls after 1 5 1000 9000 11000 ms
#   sulky, monotonic ULID: falls after 1 5 1000 9000 11000 ms
#   UUID Creator, UUIDv7 plus 1: falls after 1000 9000 11000 ms
#   ULID Creator, monotonic: falls after 11000 ms
#   TSID Creator: falls after no step
# Why it matters here: a reader that goes on from the highest ID it saw skips what was made in the meantime, and a test with a step of five
#   milliseconds shows it for two of the five only.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.fasterxml.uuid</groupId><artifactId>java-uuid-generator</artifactId><version>5.1.0</version></dependency>
<dependency><groupId>de.huxhorn.sulky</groupId><artifactId>de.huxhorn.sulky.ulid</artifactId><version>8.3.0</version></dependency>
<dependency><groupId>com.github.f4b6a3</groupId><artifactId>uuid-creator</artifactId><version>6.1.1</version></dependency>
<dependency><groupId>com.github.f4b6a3</groupId><artifactId>ulid-creator</artifactId><version>5.2.3</version></dependency>
<dependency><groupId>com.github.f4b6a3</groupId><artifactId>tsid-creator</artifactId><version>5.2.6</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.fasterxml.uuid.UUIDClock;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import com.github.f4b6a3.tsid.TsidFactory;
import com.github.f4b6a3.ulid.UlidFactory;
import com.github.f4b6a3.uuid.factory.standard.TimeOrderedEpochFactory;
import de.huxhorn.sulky.ulid.ULID;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

public class Seen {
  /** A clock that stands where it is put. */
  static class Standing extends Clock {
    final AtomicLong ms = new AtomicLong(System.currentTimeMillis());

    public Instant instant() {
      return Instant.ofEpochMilli(ms.get());
    }

    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /** The maker's IDs are texts that sort as the IDs do. */
  static void tell(String name, Function<Standing, Supplier<String>> maker) {
    StringBuilder falls = new StringBuilder();
    for (int step : new int[] {1, 5, 1000, 9000, 11000}) {
      Standing clock = new Standing();
      Supplier<String> ids = maker.apply(clock);
      String before = ids.get();
      clock.ms.addAndGet(-step);
      if (ids.get().compareTo(before) < 0) falls.append(step).append(" ");
    }
    System.out.println(name + ": falls after " + (falls.length() == 0 ? "no step" : falls + "ms"));
  }

  static Supplier<String> jug(Standing clock) {
    TimeBasedEpochGenerator generator = new TimeBasedEpochGenerator(new Random(), new UUIDClock() {
      @Override
      public long currentTimeMillis() {
        return clock.millis();
      }
    });
    return () -> generator.generate().toString();
  }

  static Supplier<String> sulky(Standing clock) {
    ULID ulid = new ULID();
    ULID.Value[] last = {ulid.nextValue(clock.millis())};
    return () -> (last[0] = ulid.nextMonotonicValue(last[0], clock.millis())).toString();
  }

  static Supplier<String> uuidCreator(Standing clock) {
    TimeOrderedEpochFactory factory = TimeOrderedEpochFactory.builder().withClock(clock).withIncrementPlus1().build();
    return () -> factory.create().toString();
  }

  static Supplier<String> ulidCreator(Standing clock) {
    UlidFactory factory = UlidFactory.newMonotonicInstance(new Random(), clock::millis);
    return () -> factory.create().toString();
  }

  static Supplier<String> tsidCreator(Standing clock) {
    TsidFactory factory = TsidFactory.builder().withNode(1).withClock(clock).build();
    return () -> factory.create().toString();
  }

  public static void main(String[] none) {
    tell("JUG, UUIDv7", Seen::jug);
    tell("sulky, monotonic ULID", Seen::sulky);
    tell("UUID Creator, UUIDv7 plus 1", Seen::uuidCreator);
    tell("ULID Creator, monotonic", Seen::ulidCreator);
    tell("TSID Creator", Seen::tsidCreator);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
JUG, UUIDv7: falls after 1 5 1000 9000 11000 ms
sulky, monotonic ULID: falls after 1 5 1000 9000 11000 ms
UUID Creator, UUIDv7 plus 1: falls after 1000 9000 11000 ms
ULID Creator, monotonic: falls after 11000 ms
TSID Creator: falls after no step
SEEN
