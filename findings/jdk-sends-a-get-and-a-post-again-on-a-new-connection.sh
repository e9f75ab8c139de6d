#!/usr/bin/env bash
# Java's own HTTP clients send a request again when a brand-new connection ends without an answer; the older one a POST too.
#
# Guess: both repeat an idempotent request if a connection that they kept turns out to be dead. On one that they have just opened the
#   request goes out once, and a POST goes out once anyhow.
# What was seen: java.net.http repeats a GET on any connection, also when it was reset. HttpURLConnection repeats GET and POST; a
#   POST only if its body was buffered, which is the default. Spring's RestTemplate and RestClient send through these two if no
#   other client is on the class path.
# Seen with Java 17.0.15, 2026-12-01:
#   java.net.http, closed: GET sent 2 times, POST 1 times
#   HttpURLConnection, closed: GET sent 2 times, POST 2 times, streaming POST 1 times
#   java.net.http, reset: GET sent 2 times, POST 1 times
#   HttpURLConnection, reset: GET sent 2 times, POST 2 times, streaming POST 1 times
# Why it matters here: a server or proxy that goes down while it answers costs two IDs a call, or two ranges a POST, and the caller,
#   who gets the exception of the second, may ask a third time.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v javac >/dev/null || { echo "needs Java" >&2; exit 2; }
cd "$work" || exit 2
cat >Seen.java <<'JAVA'
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

public class Seen {
  static final AtomicInteger sent = new AtomicInteger();
  static String base;

  /** Reads one request whole and hangs up, with a reset if the path says so. */
  static void serve(Socket socket) {
    try (socket) {
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      String head = in.readLine();
      int length = 0;
      for (String line; !(line = in.readLine()).isEmpty(); )
        if (line.toLowerCase().startsWith("content-length:")) length = Integer.parseInt(line.substring(15).trim());
      for (int i = 0; i < length; i++) in.read();
      sent.incrementAndGet();
      if (head.contains("/reset")) socket.setSoLinger(true, 0);
    } catch (IOException gone) {
    }
  }

  static int modern(String method, String path) throws Exception {
    var body = method.equals("GET") ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString("n=1");
    var request = HttpRequest.newBuilder(URI.create(base + path)).method(method, body).build();
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  static int old(String method, String path, boolean streaming) throws Exception {
    HttpURLConnection call = (HttpURLConnection) new URL(base + path).openConnection();
    call.setRequestMethod(method);
    if (method.equals("POST")) {
      call.setDoOutput(true);
      if (streaming) call.setFixedLengthStreamingMode(3);
      call.getOutputStream().write("n=1".getBytes());
    }
    return call.getResponseCode();
  }

  static String times(Callable<Integer> call) {
    sent.set(0);
    try {
      return "answered " + call.call();
    } catch (Exception ended) {
      return sent.get() + " times";
    }
  }

  public static void main(String[] args) throws Exception {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    base = "http://127.0.0.1:" + listener.getLocalPort();
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
    for (String end : new String[] {"closed", "reset"}) {
      System.out.println("java.net.http, " + end + ": GET sent " + times(() -> modern("GET", "/" + end)) + ", POST "
          + times(() -> modern("POST", "/" + end)));
      System.out.println("HttpURLConnection, " + end + ": GET sent " + times(() -> old("GET", "/" + end, false)) + ", POST "
          + times(() -> old("POST", "/" + end, false)) + ", streaming POST " + times(() -> old("POST", "/" + end, true)));
    }
    System.exit(0);
  }
}
JAVA
javac Seen.java 2>/dev/null || exit 2
java Seen | tee seen
[ "$(cat seen)" = 'java.net.http, closed: GET sent 2 times, POST 1 times
HttpURLConnection, closed: GET sent 2 times, POST 2 times, streaming POST 1 times
java.net.http, reset: GET sent 2 times, POST 1 times
HttpURLConnection, reset: GET sent 2 times, POST 2 times, streaming POST 1 times' ] || { echo "behaves otherwise now" >&2; exit 1; }
