#!/usr/bin/env bash
# Gson reads the unsigned ID 9223372036854775808 into a long as 9223372036854775807, without a word, and raises for the one after 1024.
#
# Guess: a long field takes what fits and raises for the rest, from 2^63 on, as Jackson does.
# What was seen: a number that is no long is read as a double, cast to long, and raises only if the cast changed the double. 2^63 is
#   cast to 2^63 - 1, whose double is 2^63: no change. So it is for all that round to 2^63, up to 1024 above it: 1025 IDs become one.
#   A parsed element's getAsLong wraps to a negative number instead, and LONG_OR_DOUBLE gives a double.
# Seen with com.google.code.gson:gson 2.13.1, Java 17.0.15, 2026-12-01:
#   9223372036854775807: long[] 9223372036854775807, getAsLong 9223372036854775807
#   9223372036854775808: long[] 9223372036854775807, getAsLong -9223372036854775808
#   9223372036854776832: long[] 9223372036854775807, getAsLong -9223372036854774784
#   9223372036854776833: long[] JsonSyntaxException, getAsLong -9223372036854774783
# Why it matters here: a reader that was trusted to refuse an ID too large for it hands on the largest ID. IDs stay below 2^63 here.
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
import com.google.gson.Gson;
import com.google.gson.JsonParser;

public class Seen {
  static String read(String id) {
    try {
      return String.valueOf(new Gson().fromJson("[" + id + "]", long[].class)[0]);
    } catch (RuntimeException raised) {
      return raised.getClass().getSimpleName();
    }
  }

  public static void main(String[] ids) {
    for (String id : ids)
      System.out.println(id + ": long[] " + read(id) + ", getAsLong " + JsonParser.parseString(id).getAsLong());
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 9223372036854775807 9223372036854775808 9223372036854776832 9223372036854776833 >seen || exit 1
cat seen
diff seen - <<'SEEN'
9223372036854775807: long[] 9223372036854775807, getAsLong 9223372036854775807
9223372036854775808: long[] 9223372036854775807, getAsLong -9223372036854775808
9223372036854776832: long[] 9223372036854775807, getAsLong -9223372036854774784
9223372036854776833: long[] JsonSyntaxException, getAsLong -9223372036854774783
SEEN
