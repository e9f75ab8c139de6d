#!/usr/bin/env bash
# uid-generator's cached IDs say that they were made many minutes from now: a busy second takes up hundreds of seconds of the timestamp.
#
# Guess: CachedUidGenerator fills its ring ahead of the clock, and the ring holds 8 seconds of IDs: so an ID may be some 8 seconds
#   ahead, and a used-up second is waited for, as in DefaultUidGenerator.
# What was seen: after the start it never reads the clock again. Each filling takes the next second, however far that is, and drops
#   what no longer fits into the ring. 3,000,000 IDs in a second, half of what its page promises, take 450 seconds and more. A
#   generator that nobody asks hands out IDs of the past instead.
# Seen with com.xfvape.uid:uid-generator 0.0.4-RELEASE, Java 17.0.15, 2026-11-30 (numbers vary):
#   3000000 drawn: the last is 586 s ahead of the clock
#   not asked for 5 s after it was made: the next is 4 s behind the clock
# Why it matters here: its time bits run out by use, not by date: at that rate 28 bits last for days, not for 8.5 years. An agent's IDs
#   run ahead by at most `maxClockDriftMs`; an import must start above the highest ID, not above now.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>com.xfvape.uid</groupId><artifactId>uid-generator</artifactId><version>0.0.4-RELEASE</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
echo '<configuration><root level="OFF"/></configuration>' >logback.xml
cat >Seen.java <<'JAVA'
import com.xfvape.uid.exception.UidGenerateException;
import com.xfvape.uid.impl.CachedUidGenerator;
import java.time.LocalDate;
import java.time.ZoneId;

public class Seen {
  static CachedUidGenerator made(long worker) throws Exception {
    CachedUidGenerator generator = new CachedUidGenerator();
    generator.setWorkerIdAssigner(() -> worker);
    generator.setEpochStr("2026-01-01");
    generator.afterPropertiesSet();
    return generator;
  }

  static long aheadOfClock(long id) {
    long epoch = LocalDate.parse("2026-01-01").atStartOfDay(ZoneId.systemDefault()).toEpochSecond();
    return epoch + (id >>> 22 + 13) - System.currentTimeMillis() / 1000;
  }

  public static void main(String[] none) throws Exception {
    CachedUidGenerator busy = made(1);
    long last = 0;
    for (int drawn = 0; drawn < 3_000_000; ) {
      try {
        last = busy.getUID();
        drawn++;
      } catch (UidGenerateException empty) {
        Thread.sleep(1);
      }
    }
    long ahead = aheadOfClock(last);
    System.out.println("3000000 drawn: the last is " + ahead + " s ahead of the clock");
    CachedUidGenerator idle = made(2);
    Thread.sleep(5_000);
    long behind = -aheadOfClock(idle.getUID());
    System.out.println("not asked for 5 s after it was made: the next is " + behind + " s behind the clock");
    System.exit(ahead > 100 && behind > 1 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null || { echo "behaves otherwise now" >&2; exit 1; }
