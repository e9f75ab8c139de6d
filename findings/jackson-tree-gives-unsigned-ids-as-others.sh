#!/usr/bin/env bash
# Jackson's tree gives an ID above 2^63 - 1 as -1, 0 or 2^63 - 1, by how it was written; its data binding refuses it.
#
# Guess: `asLong` on a number node is checked as a `long` field is, and gives the default 0 for what it can't give; and a number that is
#   whole is read exactly into a long, also with ".0".
# What was seen: as a JSON number 2^64 - 1 is -1, as text 0, with an exponent 2^63 - 1; `longValue` says the same of the two numbers. A field
#   of type long refuses all three. 9007199254740993.0 goes into a long through a double, into a BigInteger exactly.
# Seen with com.fasterxml.jackson.core:jackson-databind 2.18.2, Java 17.0.15, 2026-12-01:
#   18446744073709551615: asLong -1, long field refused, BigInteger field 18446744073709551615
#   "18446744073709551615": asLong 0, long field refused, BigInteger field 18446744073709551615
#   1.8446744073709551615e19: asLong 9223372036854775807, long field refused, BigInteger field 18446744073709551615
#   9007199254740993.0: asLong 9007199254740992, long field 9007199254740992, BigInteger field 9007199254740993
# Why it matters here: code that looks into a message before it binds it, as filters and routers do, goes by another ID than the code behind
#   it. No ID of ours is above 2^63 - 2, and in JSON it is a string of digits.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.18.2</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;

public class Seen {
  public static class WithLong {
    public long id;
  }

  public static class WithBigInteger {
    public BigInteger id;
  }

  static String field(ObjectMapper mapper, String json, Class<?> type) throws ReflectiveOperationException {
    try {
      return String.valueOf(type.getField("id").get(mapper.readValue(json, type)));
    } catch (JsonProcessingException refused) {
      return "refused";
    }
  }

  public static void main(String[] none) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    String[] all = {"18446744073709551615", "\"18446744073709551615\"", "1.8446744073709551615e19", "9007199254740993.0"};
    for (String id : all) {
      String json = "{\"id\":" + id + "}";
      System.out.println(id + ": asLong " + mapper.readTree(json).get("id").asLong() + ", long field " + field(mapper, json, WithLong.class)
          + ", BigInteger field " + field(mapper, json, WithBigInteger.class));
    }
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
18446744073709551615: asLong -1, long field refused, BigInteger field 18446744073709551615
"18446744073709551615": asLong 0, long field refused, BigInteger field 18446744073709551615
1.8446744073709551615e19: asLong 9223372036854775807, long field refused, BigInteger field 18446744073709551615
9007199254740993.0: asLong 9007199254740992, long field 9007199254740992, BigInteger field 9007199254740993
SEEN
