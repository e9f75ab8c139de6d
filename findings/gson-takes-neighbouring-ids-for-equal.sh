#!/usr/bin/env bash
# Gson takes two different IDs in parsed JSON for equal when their doubles are: a set or `contains` then loses one of them.
#
# Guess: JsonParser keeps a number's text and getAsLong answers it exactly, so equals and hashCode compare it exactly too.
# What was seen: a number that was parsed is compared as a double. From 2^53 on, neighbours are equal, alone and inside objects and
#   arrays, and have one hash. The same two longs, not parsed but put in, differ.
# Seen with com.google.code.gson:gson 2.13.1, Java 17.0.15, 2026-12-01:
#   getAsLong 9007199254740993 and 9007199254740992, equal: true
#   objects {"id":9007199254740993} and {"id":9007199254740992}, equal: true
#   8 IDs in a row from 9007199254740992 on, as a set: 5
#   9007199254740993 is in [9007199254740992]: true
#   the same as longs, equal: false
# Why it matters here: a consumer that drops repeats by comparing JSON drops IDs that nobody repeated. IDs go out as strings in JSON.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.google.code.gson</groupId><artifactId>gson</artifactId><version>2.13.1</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.HashSet;
import java.util.Set;

public class Seen {
  static JsonElement parsed(String json) {
    return JsonParser.parseString(json);
  }

  public static void main(String[] none) {
    JsonElement one = parsed("9007199254740993"), other = parsed("9007199254740992");
    System.out.println("getAsLong " + one.getAsLong() + " and " + other.getAsLong() + ", equal: " + one.equals(other));
    JsonElement object = parsed("{\"id\":9007199254740993}"), neighbour = parsed("{\"id\":9007199254740992}");
    System.out.println("objects " + object + " and " + neighbour + ", equal: " + object.equals(neighbour));
    Set<JsonElement> set = new HashSet<>();
    for (int n = 0; n < 8; n++) set.add(parsed(String.valueOf(9007199254740992L + n)));
    System.out.println("8 IDs in a row from 9007199254740992 on, as a set: " + set.size());
    boolean contained = parsed("[9007199254740992]").getAsJsonArray().contains(one);
    System.out.println("9007199254740993 is in [9007199254740992]: " + contained);
    boolean asLongs = new JsonPrimitive(9007199254740993L).equals(new JsonPrimitive(9007199254740992L));
    System.out.println("the same as longs, equal: " + asLongs);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen >seen || exit 1
cat seen
diff seen - <<'SEEN'
getAsLong 9007199254740993 and 9007199254740992, equal: true
objects {"id":9007199254740993} and {"id":9007199254740992}, equal: true
8 IDs in a row from 9007199254740992 on, as a set: 5
9007199254740993 is in [9007199254740992]: true
the same as longs, equal: false
SEEN
