#!/usr/bin/env bash
# Hutool's conversions to a number read a UUID or ULID as the number that its first digits make, and unsigned IDs as negative ones.
#
# Guess: `Convert.toLong` and `JSONObject.getLong` of a text that is no number give null, as their pages say, also of one too large.
# What was seen: what stands behind the first digits is dropped, and what doesn't fit loses its high bits: a UUID is 7, each ULID of these
#   years is 1, 2^64 - 1 is -1, and 2^32 + 1 as an Integer is 1. A JSON number above 2^63 is a text, and goes out again in quotes.
# Seen with cn.hutool:hutool-all 5.8.40, Java 17.0.15, 2026-12-01 (Convert and JSONObject do the same):
#   getLong of "7c9e6679-7425-40de-944b-e07fc1f90ae7": 7
#   getLong of "01ARZ3NDEKTSV4RRFFQ69G5FAV": 1
#   getLong of "18446744073709551615": -1
#   getLong of "order-7": null
#   getInt of "4294967297": 1
#   {"id":18446744073709551615} comes out as {"id":"18446744073709551615"}
# Why it matters here: a caller that asks by a wrong kind of ID gets the row of ID 7 or 1, which exists. A server that reads an ID must take
#   all of the text or none.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>cn.hutool</groupId><artifactId>hutool-all</artifactId><version>5.8.40</version></dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import cn.hutool.core.convert.Convert;
import cn.hutool.json.JSONObject;
import cn.hutool.json.JSONUtil;
import java.util.List;
import java.util.Objects;

public class Seen {
  static JSONObject with(String id) {
    return JSONUtil.createObj().set("id", id);
  }

  static void tell(String name, String id, Number byJson, Number byConvert) {
    String told = Objects.equals(byJson, byConvert) ? "" : " (Convert: " + byConvert + ")";
    System.out.println(name + " of \"" + id + "\": " + byJson + told);
  }

  public static void main(String[] none) {
    for (String id : List.of("7c9e6679-7425-40de-944b-e07fc1f90ae7", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "18446744073709551615", "order-7"))
      tell("getLong", id, with(id).getLong("id"), Convert.toLong(id));
    tell("getInt", "4294967297", with("4294967297").getInt("id"), Convert.toInt("4294967297"));
    String json = "{\"id\":18446744073709551615}";
    System.out.println(json + " comes out as " + JSONUtil.parseObj(json));
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
getLong of "7c9e6679-7425-40de-944b-e07fc1f90ae7": 7
getLong of "01ARZ3NDEKTSV4RRFFQ69G5FAV": 1
getLong of "18446744073709551615": -1
getLong of "order-7": null
getInt of "4294967297": 1
{"id":18446744073709551615} comes out as {"id":"18446744073709551615"}
SEEN
