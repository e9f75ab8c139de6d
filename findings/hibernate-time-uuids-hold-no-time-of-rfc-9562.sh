#!/usr/bin/env bash
# Hibernate's UUIDs of style TIME call themselves version 1, but where version 1 has its time they hold an address and a process.
#
# Guess: `@UuidGenerator(style = TIME)`, told as RFC 4122 version 1 with an IP in place of a MAC, answers timestamp() with the time of
#   its making and differs from a usual version 1 only in the node.
# What was seen: timestamp() is one and the same for all UUIDs of a process, in some other century, as its IP and start decide. The
#   milliseconds stand in the second half, where version 1 has clock sequence and node.
# Seen with hibernate-core 7.1.4.Final, java-uuid-generator 5.1.0 for comparison, Java 17.0.15, 2026-11-30 (the years vary):
#   Hibernate: 5 drawn 20 ms apart, version 1, 1 different timestamp(), years from now: 334
#   java-uuid-generator: 5 drawn 20 ms apart, version 1, 5 different timestamp(), years from now: 0
# Why it matters here: who moves such a table and cuts it by the time in its keys cuts it by process.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.hibernate.orm</groupId><artifactId>hibernate-core</artifactId><version>7.1.4.Final</version></dependency>
<dependency><groupId>com.fasterxml.uuid</groupId><artifactId>java-uuid-generator</artifactId><version>5.1.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.fasterxml.uuid.Generators;
import java.util.*;
import java.util.function.Supplier;
import org.hibernate.id.uuid.CustomVersionOneStrategy;

public class Seen {
  static final long GREGORIAN_TO_UNIX = 0x01B21DD213814000L;

  static long yearsFromNow(UUID id) {
    long unixMs = (id.timestamp() - GREGORIAN_TO_UNIX) / 10_000;
    return Math.round(Math.abs(unixMs - System.currentTimeMillis()) / 31_556_952_000.0);
  }

  static int differentTimes(String name, Supplier<UUID> next) throws Exception {
    Set<Long> times = new HashSet<>();
    UUID id = null;
    for (int n = 0; n < 5; n++) {
      id = next.get();
      times.add(id.timestamp());
      Thread.sleep(20);
    }
    System.out.println(name + ": 5 drawn 20 ms apart, version " + id.version() + ", " + times.size()
        + " different timestamp(), years from now: " + yearsFromNow(id));
    return times.size();
  }

  public static void main(String[] none) throws Exception {
    CustomVersionOneStrategy time = new CustomVersionOneStrategy();
    int ofHibernate = differentTimes("Hibernate", () -> time.generateUuid(null));
    int ofOther = differentTimes("java-uuid-generator", Generators.timeBasedGenerator()::generate);
    System.exit(ofHibernate == 1 && ofOther == 5 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null || { echo "behaves otherwise now" >&2; exit 1; }
