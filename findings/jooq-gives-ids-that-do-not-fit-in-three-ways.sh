#!/usr/bin/env bash
# jOOQ's typed getters give an ID that doesn't fit as another ID, or as null, and throw for none: it depends on the type asked for.
#
# Guess: `record.get(field, Long.class)` of a ULong above 2^63 - 1, and `Integer.class` of a long above 2^31 - 1, throw a
#   DataTypeException.
# What was seen: to Java's own types the high bits are cut off, from numbers and from text, so 2^64 - 1 is -1 and 2^32 + 1 is 1. To jOOQ's
#   unsigned types the same is null, but -1 as an ULong is 2^64 - 1.
# Seen with org.jooq:jooq 3.19.39, Java 17.0.15, 2026-12-01:
#   ULong 18446744073709551615 as Long: -1
#   String 18446744073709551615 as Long: -1
#   Long 4294967297 as Integer: 1
#   String 4294967297 as Integer: 1
#   Long 4294967297 as UInteger: null
#   String 18446744073709551616 as ULong: null
#   Long -1 as ULong: 18446744073709551615
# Why it matters here: a BIGINT UNSIGNED column is an ULong there, and `into(SomeClass.class)` with a long field converts like this. An ID
#   above 2^63 - 1 must not be handed to such a reader; none of ours is above 2^63 - 2.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>org.jooq</groupId><artifactId>jooq</artifactId><version>3.19.39</version></dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record1;
import org.jooq.SQLDialect;
import org.jooq.exception.DataTypeException;
import org.jooq.impl.DSL;
import org.jooq.types.UInteger;
import org.jooq.types.ULong;

public class Seen {
  static <T> void tell(Class<T> type, T value, Class<?> asked) {
    Field<T> id = DSL.field("id", type);
    Record1<T> row = DSL.using(SQLDialect.MARIADB).newRecord(id);
    row.set(id, value);
    String got;
    try {
      got = String.valueOf(row.get(id, asked));
    } catch (DataTypeException refused) {
      got = "refused";
    }
    System.out.println(type.getSimpleName() + " " + value + " as " + asked.getSimpleName() + ": " + got);
  }

  public static void main(String[] none) {
    tell(ULong.class, ULong.valueOf("18446744073709551615"), Long.class);
    tell(String.class, "18446744073709551615", Long.class);
    tell(Long.class, 4294967297L, Integer.class);
    tell(String.class, "4294967297", Integer.class);
    tell(Long.class, 4294967297L, UInteger.class);
    tell(String.class, "18446744073709551616", ULong.class);
    tell(Long.class, -1L, ULong.class);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -Dorg.jooq.no-logo=true -Dorg.jooq.no-tips=true -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ULong 18446744073709551615 as Long: -1
String 18446744073709551615 as Long: -1
Long 4294967297 as Integer: 1
String 4294967297 as Integer: 1
Long 4294967297 as UInteger: null
String 18446744073709551616 as ULong: null
Long -1 as ULong: 18446744073709551615
SEEN
