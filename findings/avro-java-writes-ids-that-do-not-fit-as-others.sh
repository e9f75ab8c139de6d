#!/usr/bin/env bash
# Avro's Java writer puts a number that doesn't fit into a field as another number, and its readers turn a long into a float.
#
# Guess: GenericDatumWriter refuses a Long in an int field, a BigInteger or a Double in a long field, as it refuses a String; a long that the
#   reader's schema has as "float or double" is read as a double.
# What was seen: any Number is taken and cut: 2^32 + 1 is written as 1, 2^64 - 1 as -1, 7.9 as 7. `GenericData.validate` knows better, but the
#   writer doesn't ask it. A reader with ["float","double"] takes the first, with 24 bits. JSON with ".0" is read through a double.
# Seen with org.apache.avro:avro 1.12.0, Java 17.0.15, 2026-12-01:
#   Long 4294967297 in a field int: written as 1; validate false
#   BigInteger 18446744073709551615 in a field long: written as -1; validate false
#   Double 7.9 in a field long: written as 7; validate false
#   String 7 in a field long: refused; validate false
#   long 9007199254740993 for a reader of ["float","double"]: 9007199254740992 as Float
#   JSON 9007199254740993.0 for a reader of long: 9007199254740992
# Why it matters here: a producer whose schema still says int publishes IDs that others have, and nothing fails on either side. An ID that may
#   be unsigned belongs into a string field.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

public class Seen {
  static Schema schema(String type) {
    return new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"id\",\"type\":" + type + "}]}");
  }

  static Object passed(GenericRecord row, Schema reader) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(row.getSchema()).write(row, encoder);
    encoder.flush();
    return new GenericDatumReader<GenericRecord>(row.getSchema(), reader)
        .read(null, DecoderFactory.get().binaryDecoder(out.toByteArray(), null)).get("id");
  }

  static void written(Object id, String type) throws IOException {
    GenericRecord row = new GenericData.Record(schema("\"" + type + "\""));
    row.put("id", id);
    String told;
    try {
      told = "written as " + passed(row, row.getSchema());
    } catch (RuntimeException refused) {
      told = "refused";
    }
    boolean valid = GenericData.get().validate(row.getSchema(), row);
    System.out.println(id.getClass().getSimpleName() + " " + id + " in a field " + type + ": " + told + "; validate " + valid);
  }

  public static void main(String[] none) throws IOException {
    written(4294967297L, "int");
    written(new BigInteger("18446744073709551615"), "long");
    written(7.9, "long");
    written("7", "long");
    Schema ofLong = schema("\"long\"");
    GenericRecord row = new GenericData.Record(ofLong);
    row.put("id", 9007199254740993L);
    Object read = passed(row, schema("[\"float\",\"double\"]"));
    System.out.println("long 9007199254740993 for a reader of [\"float\",\"double\"]: "
        + new BigDecimal(((Number) read).doubleValue()).toBigInteger() + " as " + read.getClass().getSimpleName());
    String json = "{\"id\":9007199254740993.0}";
    Object fromJson = new GenericDatumReader<GenericRecord>(ofLong).read(null, DecoderFactory.get().jsonDecoder(ofLong, json)).get("id");
    System.out.println("JSON 9007199254740993.0 for a reader of long: " + fromJson);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Long 4294967297 in a field int: written as 1; validate false
BigInteger 18446744073709551615 in a field long: written as -1; validate false
Double 7.9 in a field long: written as 7; validate false
String 7 in a field long: refused; validate false
long 9007199254740993 for a reader of ["float","double"]: 9007199254740992 as Float
JSON 9007199254740993.0 for a reader of long: 9007199254740992
SEEN
