#!/usr/bin/env bash
# Ranges that two nodes take from one Ignite sequence by getAndAdd(700) or addAndGet(700) lie upon each other.
#
# Guess: `getAndAdd(n)` gives n numbers to the one who calls, on whatever node, as `incrementAndGet` gives one; what doesn't fit into the
#   node's reserve is left unused.
# What was seen: only the number that comes back is the node's own. A node reserves 1000 and looks whether that number is within them, not
#   where the range ends: 700 numbers from 700 on reach 400 into the reserve of the other node, which gives them out as well. Each range
#   is right by itself, and a sequence with one node gives no number twice.
# Seen with org.apache.ignite:ignite-core 2.17.0, Java 17.0.15, 2026-12-01, two nodes in turn, 40 ranges or more:
#   getAndAdd(1): 0 of 4000 numbers were given before, ranges from a 0, b 1000, a 1, b 1001
#   getAndAdd(700): 7600 of 28000 numbers were given before, ranges from a 0, b 1000, a 700, b 1700
#   getAndAdd(5000): 99000 of 200000 numbers were given before, ranges from a 0, b 1000, a 5000, b 6000
#   addAndGet(700): 7600 of 28000 numbers were given before, ranges to a 700, b 1700, a 2000, b 3000
# Why it matters here: this is how one asks for a batch of IDs with Redis's INCRBY or a counter in a table. A range of ours lies within one
#   segment; a batch that needs two segments is told as two ranges.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.ignite</groupId><artifactId>ignite-core</artifactId><version>2.17.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.ignite.Ignite;
import org.apache.ignite.IgniteAtomicSequence;
import org.apache.ignite.Ignition;
import org.apache.ignite.configuration.IgniteConfiguration;
import org.apache.ignite.logger.NullLogger;
import org.apache.ignite.spi.communication.tcp.TcpCommunicationSpi;
import org.apache.ignite.spi.discovery.tcp.TcpDiscoverySpi;
import org.apache.ignite.spi.discovery.tcp.ipfinder.vm.TcpDiscoveryVmIpFinder;

public class Seen {
  static Ignite node(String name, String work, TcpDiscoveryVmIpFinder finder) {
    return Ignition.start(new IgniteConfiguration().setIgniteInstanceName(name).setLocalHost("127.0.0.1").setWorkDirectory(work)
        .setMetricsLogFrequency(0).setGridLogger(new NullLogger())
        .setDiscoverySpi(new TcpDiscoverySpi().setIpFinder(finder).setLocalPort(27500))
        .setCommunicationSpi(new TcpCommunicationSpi().setLocalPort(27100)));
  }

  /** Numbers that were given before. */
  static int again(List<Ignite> nodes, String how, int size) {
    String name = how + size;
    boolean fromStart = how.equals("getAndAdd");
    List<IgniteAtomicSequence> sequences = nodes.stream().map(node -> node.atomicSequence(name, 0, true)).toList();
    Set<Long> given = new HashSet<>();
    StringBuilder ranges = new StringBuilder();
    int again = 0, rounds = Math.max(40, 4000 / size);
    for (int turn = 0; turn < rounds; turn++) {
      IgniteAtomicSequence sequence = sequences.get(turn % 2);
      long told = fromStart ? sequence.getAndAdd(size) : sequence.addAndGet(size);
      long first = fromStart ? told : told - size + 1;
      for (long id = first; id < first + size; id++) if (!given.add(id)) again++;
      if (turn < 4) ranges.append(turn == 0 ? " " : ", ").append("ab".charAt(turn % 2)).append(" ").append(told);
    }
    System.out.println(how + "(" + size + "): " + again + " of " + rounds * size + " numbers were given before, ranges "
        + (fromStart ? "from" : "to") + ranges);
    return again;
  }

  public static void main(String[] args) {
    TcpDiscoveryVmIpFinder finder = new TcpDiscoveryVmIpFinder(true).setAddresses(List.of("127.0.0.1:27500..27501"));
    List<Ignite> nodes = List.of(node("a", args[0], finder), node("b", args[0], finder));
    int single = again(nodes, "getAndAdd", 1), half = again(nodes, "getAndAdd", 700), large = again(nodes, "getAndAdd", 5000);
    int halfTo = again(nodes, "addAndGet", 700);
    System.exit(single == 0 && half > 0 && large > 0 && halfTo > 0 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
open=()
for package in java.base/{jdk.internal.misc,sun.nio.ch,java.io,java.nio,java.net,java.util,java.util.concurrent,java.util.concurrent.locks} \
  java.base/{java.lang,java.lang.invoke,java.math,java.time} java.management/sun.management jdk.management/com.sun.management.internal; do
  open+=("--add-opens=$package=ALL-UNNAMED")
done
timeout 100 java "${open[@]}" -DIGNITE_QUIET=true -DIGNITE_NO_ASCII=true -DIGNITE_UPDATE_NOTIFIER=false -Djava.net.preferIPv4Stack=true \
  -cp "$(cat path.txt):." Seen "$work" 2>/dev/null | grep ' were given before'
[ "${PIPESTATUS[0]}" = 0 ] || { echo "behaves otherwise now" >&2; exit 1; }
