#!/usr/bin/env bash
# Hashids for Java takes no number above 2^53, though a long holds 63 bits, and raises when it reads such a hash of another language.
#
# Guess: 2^53 is JavaScript's limit; Java encodes any long that is not negative, and decode() of a hash it cannot read gives an empty
#   array, as it does for a wrong salt.
# What was seen: it is the other way round. The JavaScript of today takes a snowflake as a BigInt; Java raises for it, in encode() and
#   in decode() alike.
# Seen with org.hashids:hashids 1.0.3 (Java 17.0.15), hashids 2.3.0 (npm, Node 20.20), 2026-11-30:
#   JavaScript: 7533278566595690501 is V063dk9Wp69nE, read back 7533278566595690501
#   Java, encode: IllegalArgumentException: number can not be greater than 9007199254740992L
#   Java, decode: IllegalArgumentException: number can not be greater than 9007199254740992L
#   Java, decode of another salt's: 0 numbers
# Why it matters here: a service in Java that shows its IDs as Hashids cannot move to snowflakes of 63 bits; the 53-bit layout fits.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts hashids@2.3.0 >/dev/null 2>&1 || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>org.hashids</groupId><artifactId>hashids</artifactId><version>1.0.3</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.util.function.Supplier;
import org.hashids.Hashids;

public class Seen {
  static String told(Supplier<Object> call) {
    try {
      return String.valueOf(call.get());
    } catch (RuntimeException raised) {
      return raised.getClass().getSimpleName() + ": " + raised.getMessage();
    }
  }

  public static void main(String[] hashes) {
    Hashids hashids = new Hashids("orders");
    System.out.println("Java, encode: " + told(() -> hashids.encode(7533278566595690501L)));
    System.out.println("Java, decode: " + told(() -> hashids.decode(hashes[0])[0]));
    System.out.println("Java, decode of another salt's: " + told(() -> hashids.decode(hashes[1]).length + " numbers"));
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
cat >try.cjs <<'JS'
const Hashids = require('hashids');
const id = 7533278566595690501n;
console.log(new Hashids('orders').encode(id), String(new Hashids('orders').decode(new Hashids('orders').encode(id))[0]), new Hashids('bills').encode(5));
JS
read -r hash back other <<<"$(node try.cjs)" || exit 2
{
  echo "JavaScript: 7533278566595690501 is $hash, read back $back"
  java -cp "$(cat path.txt):." Seen "$hash" "$other"
} | tee seen
refused='IllegalArgumentException: number can not be greater than 9007199254740992L'
[ "$(sed 's/ is [^,]*,/ is H,/' seen)" = "JavaScript: 7533278566595690501 is H, read back 7533278566595690501
Java, encode: $refused
Java, decode: $refused
Java, decode of another salt's: 0 numbers" ] || { echo "behaves otherwise now" >&2; exit 1; }
