#!/usr/bin/env bash
# Micrometer exports the counters ids, ids.created and ids.total as one ids_total with the value of the last; the others are gone.
#
# Guess: ids.created becomes ids_created_total and ids becomes ids_total; two meters whose names meet after that are refused or warned of.
# What was seen: the Prometheus client cuts _created, _total, _info and _bucket off each name. Meters that then have one name and the
#   same tags replace each other in the scrape, with no error and no log line. Each still counts for itself in the process. Gauges too:
#   segments.created is `segments`. A gauge whose name ends with .info loses its value: it is exported as an info metric, always 1.
# Seen with io.micrometer:micrometer-registry-prometheus 1.15.0, Java 17.0.15, 2026-12-01:
#   counted: ids 3, ids.created 40, ids.total 500
#   ids_total 500.0
#   left_info 1
#   segments 14.0
# Why it matters here: a rate of IDs handed out may be that of another counter, and a gauge of what is left may stand at 1.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>io.micrometer</groupId><artifactId>micrometer-registry-prometheus</artifactId><version>1.15.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

public class Seen {
  public static void main(String[] none) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.counter("ids").increment(3);
    registry.counter("ids.created").increment(40);
    registry.counter("ids.total").increment(500);
    registry.gauge("left.info", 7.0);
    registry.gauge("segments.created", 14.0);
    System.out.printf("counted: ids %.0f, ids.created %.0f, ids.total %.0f%n",
        registry.counter("ids").count(), registry.counter("ids.created").count(), registry.counter("ids.total").count());
    registry.scrape().lines().filter(line -> !line.startsWith("#")).forEach(System.out::println);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen >seen 2>log || exit 1
cat seen log
diff seen - <<'SEEN' && [ ! -s log ]
counted: ids 3, ids.created 40, ids.total 500
ids_total 500.0
left_info 1
segments 14.0
SEEN
