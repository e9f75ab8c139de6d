#!/usr/bin/env bash
# Jackson reads zero-padded IDs in YAML by two bases: 0000120 and 0000080 both become 80.
#
# Guess: in YAML 1.1 a number with a leading 0 is octal, and one with an 8 or 9 in it is a text, so a `long` field refuses that one.
# What was seen: a `long` field takes both: what has only digits below 8 as octal, the rest as decimal. Of a column of padded IDs some keep
#   their value, some get a lower one, and some meet. An Object is an Integer for one row and a String for the next.
# Seen with com.fasterxml.jackson.dataformat:jackson-dataformat-yaml 2.18.2, Java 17.0.15, 2026-12-01:
#   0000080: long 80, Object String 0000080
#   0000120: long 80, Object Integer 80
#   0000121: long 81, Object Integer 81
#   0000128: long 128, Object String 0000128
#   1000 IDs from 0000000 on as long: 818 different
# Why it matters here: IDs with leading zeros come from fixed-width exports, and a fixture or an import list in YAML then names other rows.
#   IDs here have no leading zeros.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.fasterxml.jackson.dataformat</groupId><artifactId>jackson-dataformat-yaml</artifactId><version>2.18.2</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

public class Seen {
  public static class WithLong {
    public long id;
  }

  public static class WithObject {
    public Object id;
  }

  public static void main(String[] none) throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    for (String id : new String[] {"0000080", "0000120", "0000121", "0000128"}) {
      Object object = yaml.readValue("id: " + id, WithObject.class).id;
      System.out.println(id + ": long " + yaml.readValue("id: " + id, WithLong.class).id + ", Object "
          + object.getClass().getSimpleName() + " " + object);
    }
    Set<Long> different = new HashSet<>();
    for (int n = 0; n < 1000; n++) different.add(yaml.readValue(String.format("id: %07d", n), WithLong.class).id);
    System.out.println("1000 IDs from 0000000 on as long: " + different.size() + " different");
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
0000080: long 80, Object String 0000080
0000120: long 80, Object Integer 80
0000121: long 81, Object Integer 81
0000128: long 128, Object String 0000128
1000 IDs from 0000000 on as long: 818 different
SEEN
