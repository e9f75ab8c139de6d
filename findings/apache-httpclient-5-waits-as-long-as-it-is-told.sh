#!/usr/bin/env bash
# Apache HttpClient 5 keeps a caller waiting for as long as a Retry-After says, then sends its request again, a POST too.
#
# Guess: a 503 is given to the caller at once, or within the response timeout; what is repeated by default is a GET.
# What was seen: with default settings a 503 or 429 is swallowed, the thread sleeps the whole Retry-After whatever timeouts are set,
#   and the request, of any method, goes out once more. Version 4 hands the 503 to its caller.
# Seen with httpclient5 5.6, httpclient 4.5.14, Java 17.0.15, 2026-11-30:
#   5, GET: sent 2 times, 503 after the 4 s of Retry-After
#   5, POST: sent 2 times, 503 after the 4 s of Retry-After
#   5, disableAutomaticRetries: sent 1 times, 503 at once
#   4, GET: sent 1 times, 503 at once
# Why it matters here: a server that says "out of IDs, again in 60 s" stops the threads of such callers for a minute each.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.httpcomponents.client5</groupId><artifactId>httpclient5</artifactId><version>5.6</version></dependency>
<dependency><groupId>org.apache.httpcomponents</groupId><artifactId>httpclient</artifactId><version>4.5.14</version></dependency>
</dependencies></project>
XML
cat >Seen.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.classic.methods.*;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.*;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.util.Timeout;

public class Seen {
  static final AtomicInteger sent = new AtomicInteger();

  static void ask(String name, Callable<Integer> call) throws Exception {
    sent.set(0);
    long begun = System.nanoTime();
    int status = call.call();
    boolean waited = System.nanoTime() - begun >= 4_000_000_000L;
    System.out.println(name + ": sent " + sent + " times, " + status + (waited ? " after the 4 s of Retry-After" : " at once"));
  }

  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", (exchange) -> {
      sent.incrementAndGet();
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Retry-After", "4");
      exchange.sendResponseHeaders(503, -1);
      exchange.close();
    });
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/id";
    RequestConfig second = RequestConfig.custom().setResponseTimeout(Timeout.ofSeconds(1)).setConnectionRequestTimeout(Timeout.ofSeconds(1)).build();
    CloseableHttpClient five = HttpClients.custom().setDefaultRequestConfig(second).build();
    ask("5, GET", () -> five.execute(new HttpGet(url), (answer) -> answer.getCode()));
    HttpPost post = new HttpPost(url);
    post.setEntity(new StringEntity("n=1"));
    ask("5, POST", () -> five.execute(post, (answer) -> answer.getCode()));
    CloseableHttpClient once = HttpClients.custom().disableAutomaticRetries().build();
    ask("5, disableAutomaticRetries", () -> once.execute(new HttpGet(url), (answer) -> answer.getCode()));
    var four = org.apache.http.impl.client.HttpClients.createDefault();
    ask("4, GET", () -> four.execute(new org.apache.http.client.methods.HttpGet(url)).getStatusLine().getStatusCode());
    System.exit(0);
  }
}
JAVA
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
[ "$(cat seen)" = "$(printf '%s\n' '5, GET: sent 2 times, 503 after the 4 s of Retry-After' '5, POST: sent 2 times, 503 after the 4 s of Retry-After' \
  '5, disableAutomaticRetries: sent 1 times, 503 at once' '4, GET: sent 1 times, 503 at once')" ] || { echo "behaves otherwise now" >&2; exit 1; }
