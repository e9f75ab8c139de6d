#!/usr/bin/env bash
# Infinispan's strong counter gives its last number to all who ask, and a claim that it refuses uses up the rest.
#
# Guess: at 2^63 - 1 a strong counter fails, as a bounded one does at its bound, and what a bounded one refuses leaves it as it was.
# What was seen: an unbounded strong counter stays at 2^63 - 1 and returns that each time, without an error. A weak one goes on at -2^63.
#   A bounded one throws, but a refused `addAndGet` has moved it to its bound: nobody gets the numbers between.
# Seen with org.infinispan:infinispan-clustered-counter 15.0.13.Final, Java 17.0.15, 2026-12-01:
#   UNBOUNDED_STRONG from 2^63 - 2: 9223372036854775807 9223372036854775807 9223372036854775807
#   WEAK from 2^63 - 2: 9223372036854775807 -9223372036854775808 -9223372036854775807
#   BOUNDED_STRONG from 9 to 10: 10 refused refused
#   BOUNDED_STRONG 7 of 10, addAndGet(7): refused; addAndGet(1): refused; value 10
# Why it matters here: "the counter never gives a number twice" ends at its end, and a batch that is too large empties a sequence that
#   has numbers left. A tag of ours that has reached its highest ID is refused as TAG_EXHAUSTED.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.infinispan</groupId><artifactId>infinispan-clustered-counter</artifactId><version>15.0.13.Final</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.infinispan.configuration.global.GlobalConfigurationBuilder;
import org.infinispan.counter.EmbeddedCounterManagerFactory;
import org.infinispan.counter.api.CounterConfiguration;
import org.infinispan.counter.api.CounterManager;
import org.infinispan.counter.api.CounterType;
import org.infinispan.counter.api.StrongCounter;
import org.infinispan.counter.api.WeakCounter;
import org.infinispan.manager.DefaultCacheManager;

public class Seen {
  static String told(Supplier<CompletableFuture<Long>> draw) throws InterruptedException {
    try {
      return String.valueOf(draw.get().get());
    } catch (ExecutionException refused) {
      return "refused";
    }
  }

  static void three(String name, Supplier<CompletableFuture<Long>> draw) throws InterruptedException {
    System.out.println(name + ": " + told(draw) + " " + told(draw) + " " + told(draw));
  }

  static CounterConfiguration bounded(long start) {
    return CounterConfiguration.builder(CounterType.BOUNDED_STRONG).initialValue(start).lowerBound(0).upperBound(10).build();
  }

  public static void main(String[] none) throws Exception {
    GlobalConfigurationBuilder global = new GlobalConfigurationBuilder().nonClusteredDefault();
    CounterManager counters = EmbeddedCounterManagerFactory.asCounterManager(new DefaultCacheManager(global.build()));
    long nearEnd = Long.MAX_VALUE - 1;
    counters.defineCounter("strong", CounterConfiguration.builder(CounterType.UNBOUNDED_STRONG).initialValue(nearEnd).build());
    counters.defineCounter("weak", CounterConfiguration.builder(CounterType.WEAK).initialValue(nearEnd).build());
    counters.defineCounter("bounded", bounded(9));
    counters.defineCounter("seven", bounded(7));
    three("UNBOUNDED_STRONG from 2^63 - 2", counters.getStrongCounter("strong")::incrementAndGet);
    WeakCounter weak = counters.getWeakCounter("weak");
    three("WEAK from 2^63 - 2", () -> weak.increment().thenApply(done -> weak.getValue()));
    three("BOUNDED_STRONG from 9 to 10", counters.getStrongCounter("bounded")::incrementAndGet);
    StrongCounter seven = counters.getStrongCounter("seven");
    System.out.println("BOUNDED_STRONG 7 of 10, addAndGet(7): " + told(() -> seven.addAndGet(7)) + "; addAndGet(1): "
        + told(() -> seven.addAndGet(1)) + "; value " + told(seven::getValue));
    System.exit(0);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java 2>/dev/null || exit 2
timeout 100 java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
UNBOUNDED_STRONG from 2^63 - 2: 9223372036854775807 9223372036854775807 9223372036854775807
WEAK from 2^63 - 2: 9223372036854775807 -9223372036854775808 -9223372036854775807
BOUNDED_STRONG from 9 to 10: 10 refused refused
BOUNDED_STRONG 7 of 10, addAndGet(7): refused; addAndGet(1): refused; value 10
SEEN
