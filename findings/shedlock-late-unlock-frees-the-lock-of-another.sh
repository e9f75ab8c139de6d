#!/usr/bin/env bash
# ShedLock's JDBC lock is freed for all by a holder whose own lease had run out; with `usingDbTime()` it isn't.
#
# Guess: unlock, like extend, asks for its own `locked_by`, and the two ways to tell the time differ in nothing else.
# What was seen: by default the unlock of JdbcTemplateLockProvider names the lock alone. A task that took longer than `lockAtMostFor` ends, and
#   frees the lock that a second process holds by then: a third one gets it beside the second. With `usingDbTime()` the same unlock
#   changes nothing.
# Seen with net.javacrumbs.shedlock:shedlock-provider-jdbc-template 6.9.2, H2 2.4.240, Java 17.0.15, 2026-12-01:
#   default: second gets it yes, third no; the first unlocks late: third yes
#   usingDbTime: second gets it yes, third no; the first unlocks late: third no
# Why it matters here: one pause puts two processes at work on one counter or machine id, and its end lets in a third. A release of ours
#   names the holder.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>net.javacrumbs.shedlock</groupId><artifactId>shedlock-provider-jdbc-template</artifactId><version>6.9.2</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.time.Duration;
import java.time.Instant;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import org.h2.jdbcx.JdbcDataSource;
import org.springframework.jdbc.core.JdbcTemplate;

public class Seen {
  static LockProvider process(JdbcTemplate template, String name, boolean dbTime) {
    JdbcTemplateLockProvider.Configuration.Builder builder =
        JdbcTemplateLockProvider.Configuration.builder().withJdbcTemplate(template).withLockedByValue(name);
    return new JdbcTemplateLockProvider((dbTime ? builder.usingDbTime() : builder).build());
  }

  static LockConfiguration atMost(Duration duration) {
    return new LockConfiguration(Instant.now(), "orders", duration, Duration.ZERO);
  }

  static String gets(LockProvider process) {
    return process.lock(atMost(Duration.ofMinutes(5))).isPresent() ? "yes" : "no";
  }

  public static void main(String[] none) throws InterruptedException {
    for (boolean dbTime : new boolean[] {false, true}) {
      JdbcDataSource source = new JdbcDataSource();
      source.setURL("jdbc:h2:mem:d" + dbTime + ";DB_CLOSE_DELAY=-1");
      JdbcTemplate template = new JdbcTemplate(source);
      template.execute("CREATE TABLE shedlock (name VARCHAR(64) PRIMARY KEY, lock_until TIMESTAMP(3), locked_at TIMESTAMP(3), locked_by VARCHAR(255))");
      LockProvider second = process(template, "second", dbTime), third = process(template, "third", dbTime);
      SimpleLock late = process(template, "first", dbTime).lock(atMost(Duration.ofMillis(300))).get();
      Thread.sleep(1000);
      String told = (dbTime ? "usingDbTime" : "default") + ": second gets it " + gets(second) + ", third " + gets(third);
      late.unlock();
      System.out.println(told + "; the first unlocks late: third " + gets(third));
    }
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
default: second gets it yes, third no; the first unlocks late: third yes
usingDbTime: second gets it yes, third no; the first unlocks late: third no
SEEN
