#!/usr/bin/env bash
# Yasson reads an ID that doesn't fit as another one, where Johnzon refuses it; Johnzon writes one ID as text and as a number.
#
# Guess: both carry out Jakarta JSON Binding: a number that is out of range for its field is refused, and one BigInteger is written alike
#   wherever it stands.
# What was seen: Yasson keeps the low bits: 2^64 - 1 into a long is -1, 2^32 + 1 into an Integer is 1. Johnzon refuses both, but writes
#   a BigInteger in a field as text and the same in a list as a number, and refuses a long that comes as text, which Yasson takes.
# Seen with org.eclipse:yasson 3.0.4, org.apache.johnzon:johnzon-jsonb 2.0.2, Java 17.0.15, 2026-12-01:
#   Yasson reads 18446744073709551615 as -1, 4294967297 as 1, "9007199254740993" as 9007199254740993
#   Yasson writes {"id":18446744073709551615,"list":[18446744073709551615]}
#   Johnzon reads 18446744073709551615 as refused, 4294967297 as refused, "9007199254740993" as refused
#   Johnzon writes {"id":"18446744073709551615","list":[18446744073709551615]}
# Why it matters here: a service that moves from one application server to another then refuses the string IDs that ours sends, or asks for
#   ID -1. A schema that says "string" and a String field keep both the same.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.eclipse</groupId><artifactId>yasson</artifactId><version>3.0.4</version></dependency>
<dependency><groupId>org.apache.johnzon</groupId><artifactId>johnzon-jsonb</artifactId><version>2.0.2</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.bind.JsonbException;
import java.math.BigInteger;
import java.util.List;

public class Seen {
  public static class WithLong {
    public long id;
  }

  public static class WithInteger {
    public Integer id;
  }

  public static class Unsigned {
    public BigInteger id = new BigInteger("18446744073709551615");
    public List<BigInteger> list = List.of(id);
  }

  static String read(Jsonb jsonb, String id, Class<?> type) throws ReflectiveOperationException {
    try {
      return id + " as " + type.getField("id").get(jsonb.fromJson("{\"id\":" + id + "}", type));
    } catch (JsonbException refused) {
      return id + " as refused";
    }
  }

  public static void main(String[] none) throws Exception {
    String[][] providers = {{"Yasson", "org.eclipse.yasson.JsonBindingProvider"}, {"Johnzon", "org.apache.johnzon.jsonb.JohnzonProvider"}};
    for (String[] provider : providers) {
      try (Jsonb jsonb = JsonbBuilder.newBuilder(provider[1]).build()) {
        System.out.println(provider[0] + " reads " + read(jsonb, "18446744073709551615", WithLong.class) + ", "
            + read(jsonb, "4294967297", WithInteger.class) + ", " + read(jsonb, "\"9007199254740993\"", WithLong.class));
        System.out.println(provider[0] + " writes " + jsonb.toJson(new Unsigned()));
      }
    }
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Yasson reads 18446744073709551615 as -1, 4294967297 as 1, "9007199254740993" as 9007199254740993
Yasson writes {"id":18446744073709551615,"list":[18446744073709551615]}
Johnzon reads 18446744073709551615 as refused, 4294967297 as refused, "9007199254740993" as refused
Johnzon writes {"id":"18446744073709551615","list":[18446744073709551615]}
SEEN
