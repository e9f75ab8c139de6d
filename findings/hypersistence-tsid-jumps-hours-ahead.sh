#!/usr/bin/env bash
# Hypersistence TSID dates its IDs 4.6 hours ahead when more than 14 bits are given to the node.
#
# Guess: `withNodeBits` takes 0 to 20 bits; with 18, 16 IDs fit into a millisecond, and the 17th moves to the next one.
# What was seen: it puts the thread's id into the top 8 bits of the counter. If the counter has less than 8, the shift is negative,
#   which Java takes for one by 28: the second ID of the first millisecond carries over by 2^24 ms. From then on the clock is behind,
#   and a restart brings the IDs back to now, to meet the first ones 4.6 hours later. TSID Creator, its origin, does as guessed.
# Seen with io.hypersistence:hypersistence-tsid 2.1.4, com.github.f4b6a3:tsid-creator 5.2.6, Java 17.0.15, 2026-11-30 (to the minute):
#   Hypersistence, 14 node bits, 1000 drawn: 0 minutes ahead
#   Hypersistence, 18 node bits, 1000 drawn: 280 minutes ahead
#   TSID Creator, 18 node bits, 1000 drawn: 0 minutes ahead
# Why it matters here: a restart is safe only if somebody remembers how far the last run went. Windows of a machine id are kept in the
#   store for that, and the agent's own layout `many-machines` has a 16-bit machine id.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>io.hypersistence</groupId><artifactId>hypersistence-tsid</artifactId><version>2.1.4</version></dependency>
<dependency><groupId>com.github.f4b6a3</groupId><artifactId>tsid-creator</artifactId><version>5.2.6</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.github.f4b6a3.tsid.TsidFactory;
import io.hypersistence.tsid.TSID;
import java.util.function.LongSupplier;

public class Seen {
  /** Minutes from the clock to the time in the last of 1000 IDs. */
  static long ahead(String name, LongSupplier unixMs) {
    long last = 0;
    for (int n = 0; n < 1000; n++) last = unixMs.getAsLong();
    long minutes = Math.round((last - System.currentTimeMillis()) / 60_000.0);
    System.out.println(name + ", 1000 drawn: " + minutes + " minutes ahead");
    return minutes;
  }

  static LongSupplier hypersistence(int nodeBits) {
    TSID.Factory factory = TSID.Factory.builder().withNodeBits(nodeBits).withNode(7).build();
    return () -> factory.generate().getUnixMilliseconds();
  }

  public static void main(String[] none) {
    long fourteen = ahead("Hypersistence, 14 node bits", hypersistence(14));
    long eighteen = ahead("Hypersistence, 18 node bits", hypersistence(18));
    TsidFactory creator = TsidFactory.builder().withNodeBits(18).withNode(7).build();
    long origin = ahead("TSID Creator, 18 node bits", () -> creator.create().getUnixMilliseconds());
    System.exit(fourteen == 0 && eighteen > 200 && origin == 0 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen || { echo "behaves otherwise now" >&2; exit 1; }
