#!/usr/bin/env bash
# A second DefaultIdGenerator of the Java yitter-idgenerator changes the worker id that the first one writes.
#
# Guess: two generators with options of their own (say, one per table or tenant) write the worker ids that they were given.
# What was seen: the worker stands in a static field. As soon as the second is made, the first writes the second's worker id and
#   layout, too, and nothing is said. From then on, no ID carries worker 1, and the IDs of worker 2 come from both.
# Seen with com.github.yitter:yitter-idgenerator 1.0.6, Java 17.0.15, 2026-11-30:
#   alone: worker 1
#   after another was made for worker 2: worker 2
#   bits of the worker id in the first's next ID: 6 before, 10 after
# Why it matters here: the machine id in an ID does not tell which generator drew it, and the layout of a table may change in the
#   middle: an import must not read either from a few rows.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>com.github.yitter</groupId><artifactId>yitter-idgenerator</artifactId><version>1.0.6</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.github.yitter.contract.IdGeneratorOptions;
import com.github.yitter.idgen.DefaultIdGenerator;

public class Seen {
  static DefaultIdGenerator made(int worker, int workerBits) throws Exception {
    IdGeneratorOptions options = new IdGeneratorOptions((short) worker);
    options.WorkerIdBitLength = (byte) workerBits;
    return new DefaultIdGenerator(options);
  }

  /** The time of an ID moves up with the bits below it: which width fits the clock? */
  static int workerBits(long id) {
    long sinceBase = System.currentTimeMillis() - new IdGeneratorOptions((short) 1).BaseTime;
    for (int bits : new int[] {6, 10}) if (Math.abs((id >> (bits + 6)) - sinceBase) < 3_600_000) return bits;
    return -1;
  }

  static long worker(long id) {
    return id >> 6 & (1 << workerBits(id)) - 1;
  }

  public static void main(String[] none) throws Exception {
    DefaultIdGenerator first = made(1, 6);
    long before = first.newLong();
    System.out.println("alone: worker " + worker(before));
    made(2, 10);
    long after = first.newLong();
    System.out.println("after another was made for worker 2: worker " + worker(after));
    System.out.println("bits of the worker id in the first's next ID: " + workerBits(before) + " before, " + workerBits(after) + " after");
    System.exit(worker(before) == 1 && worker(after) == 2 && workerBits(before) == 6 && workerBits(after) == 10 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen || { echo "behaves otherwise now" >&2; exit 1; }
