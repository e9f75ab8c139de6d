#!/usr/bin/env bash
# Feign's defaults send one GET ten times and one POST five times to a server that hangs up, each on a new connection.
#
# Guess: the default Retryer makes five tries, and each try is one request, as nothing was kept that could have turned out to be dead.
# What was seen: below the Retryer, which asks for no method, Java's HttpURLConnection sends each GET twice by itself, so one call is ten
#   requests. With Retryer.NEVER_RETRY it is still two.
# Seen with feign-core 13.6, Java 17.0.15, 2026-12-01:
#   defaults: GET sent 10 times, POST 5 times
#   NEVER_RETRY: GET sent 2 times, POST 1 times
# Why it matters here: each request that is read to its end may draw. A door that goes away while it answers gives up to ten IDs or
#   five ranges for one call that fails.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>io.github.openfeign</groupId><artifactId>feign-core</artifactId><version>13.6</version></dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import feign.*;
import java.io.*;
import java.net.*;
import java.util.concurrent.atomic.AtomicInteger;

public class Seen {
  static final AtomicInteger sent = new AtomicInteger();

  interface Ids {
    @RequestLine("GET /ids/order")
    String one();

    @RequestLine("POST /ids/order")
    @Body("count=100")
    String range();
  }

  /** Reads one request whole and hangs up. */
  static void serve(Socket socket) {
    try (socket) {
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      int length = 0;
      for (String line; !(line = in.readLine()).isEmpty(); )
        if (line.toLowerCase().startsWith("content-length:")) length = Integer.parseInt(line.substring(15).trim());
      for (int i = 0; i < length; i++) in.read();
      sent.incrementAndGet();
    } catch (IOException gone) {
    }
  }

  static String times(Runnable call) {
    sent.set(0);
    try {
      call.run();
      return "answered";
    } catch (RetryableException ended) {
      return sent.get() + " times";
    }
  }

  public static void main(String[] args) throws Exception {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    String base = "http://127.0.0.1:" + listener.getLocalPort();
    Thread accepting = new Thread(() -> {
      while (true) {
        try {
          Socket socket = listener.accept();
          new Thread(() -> serve(socket)).start();
        } catch (IOException closed) {
          return;
        }
      }
    });
    accepting.start();
    Ids usual = Feign.builder().target(Ids.class, base);
    Ids never = Feign.builder().retryer(Retryer.NEVER_RETRY).target(Ids.class, base);
    System.out.println("defaults: GET sent " + times(usual::one) + ", POST " + times(usual::range));
    System.out.println("NEVER_RETRY: GET sent " + times(never::one) + ", POST " + times(never::range));
    System.exit(0);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java 2>/dev/null || exit 2
java -cp "$(cat path.txt):." Seen | tee seen
[ "$(cat seen)" = 'defaults: GET sent 10 times, POST 5 times
NEVER_RETRY: GET sent 2 times, POST 1 times' ] || { echo "behaves otherwise now" >&2; exit 1; }
