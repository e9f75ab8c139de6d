#!/usr/bin/env bash
# A Spring Boot 1.5 address without a list of methods runs for HEAD and for methods of WebDAV too; only TRACE is refused, without a body.
#
# Guess: HEAD is answered without running the handler twice, PROPFIND and its kin get 405 or 501, and each refusal has Spring's JSON.
# What was seen: HEAD and PROPFIND run the handler, which draws an ID. TRACE is refused by Tomcat: 405, no body, no type. An unknown address is
#   told as JSON, unless the client takes only text: then it is 406 without a body.
# Seen with Spring Boot 1.5.18 (which Leaf uses; tinyid uses 1.5.9), Java 17.0.15, 2026-11-30:
#   GET 200 1
#   HEAD 200
#   PROPFIND 200 3
#   TRACE 405
#   OPTIONS 200
#   GET 200 4
#   404 {"timestamp":N,"status":404,"error":"Not Found","message":"No message available","path":"/api/none"}
#   text only: 406
# Why it matters here: a monitor that asks Leaf by HEAD burns an ID each time. The agent's doors answer those with 405, and what Leaf tells
#   with 404 and 405 byte for byte.
set -uo pipefail
work=$(mktemp -d)
java=
trap '[ -n "$java" ] && kill "$java"; rm -rf "$work"' EXIT
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId><version>1.5.18.RELEASE</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.web.bind.annotation.*;

@EnableAutoConfiguration
@RestController
public class Seen {
  private final AtomicLong last = new AtomicLong();

  @RequestMapping("/api/get/{key}")
  public String get(@PathVariable("key") String key) {
    return String.valueOf(last.incrementAndGet());
  }

  public static void main(String[] args) {
    SpringApplication.run(Seen.class, args);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
port=$((20000 + RANDOM % 10000))
java --add-opens java.base/java.lang=ALL-UNNAMED -cp "$(cat path.txt):." Seen --server.port="$port" --server.address=127.0.0.1 >/dev/null 2>&1 &
java=$!
until curl -s -o /dev/null "127.0.0.1:$port/"; do
  kill -0 "$java" 2>/dev/null || exit 2
  sleep 0.2
done
ask() { echo "$1 $(curl -s -X "$1" -w '\n%{http_code}\n' "127.0.0.1:$port/api/get/a" | tac | xargs)"; }
{
  ask GET
  echo "HEAD $(curl -s -I -o /dev/null -w '%{http_code}' "127.0.0.1:$port/api/get/a")"
  for method in PROPFIND TRACE OPTIONS GET; do ask "$method"; done
  echo "404 $(curl -s "127.0.0.1:$port/api/none" | sed 's/"timestamp":[0-9]*/"timestamp":N/')"
  echo "text only: $(curl -s -H 'Accept: text/plain' -w '%{http_code}' "127.0.0.1:$port/api/none")"
} | tee seen
nothing='{"timestamp":N,"status":404,"error":"Not Found","message":"No message available","path":"/api/none"}'
[ "$(cat seen)" = "$(printf '%s\n' 'GET 200 1' 'HEAD 200' 'PROPFIND 200 3' 'TRACE 405' 'OPTIONS 200' 'GET 200 4' "404 $nothing" 'text only: 406')" ]
