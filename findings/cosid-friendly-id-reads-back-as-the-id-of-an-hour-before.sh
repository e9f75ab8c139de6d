#!/usr/bin/env bash
# CosId's friendly text of a snowflake reads back as the ID of an hour before, for an hour each autumn and between hosts of other zones.
#
# Guess: `20261025023000000-1-0` is a way to write an ID: it is unique as the ID is, and ofFriendlyId() gives that ID back.
# What was seen: the text holds the local time without its zone. In the hour that a clock change brings twice, two IDs have the same
#   text, and the later one reads back as the earlier. On a host with another time zone, every text reads back as another ID.
# Seen with me.ahoo.cosid:cosid-core 2.13.3, Java 17.0.15, 2026-11-30:
#   Europe/Berlin: 904648458240004096 is 20261025023000000-1-0, read back 904648458240004096
#   Europe/Berlin: 904663557734404096 is 20261025023000000-1-0, read back 904648458240004096
#   that text read in UTC: 904678657228804096
# Why it matters here: who moves from CosId and finds such texts in logs and links cannot turn them back into IDs. `/v1/decode` tells
#   an ID's time in UTC and reads numbers only.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies><dependency>
<groupId>me.ahoo.cosid</groupId><artifactId>cosid-core</artifactId><version>2.13.3</version>
</dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.time.Instant;
import me.ahoo.cosid.CosId;
import me.ahoo.cosid.snowflake.MillisecondSnowflakeId;
import me.ahoo.cosid.snowflake.MillisecondSnowflakeIdStateParser;
import me.ahoo.cosid.snowflake.SnowflakeIdStateParser;

public class Seen {
  public static void main(String[] text) {
    SnowflakeIdStateParser parser = MillisecondSnowflakeIdStateParser.of(new MillisecondSnowflakeId(1));
    if (text.length > 0) {
      System.out.println("that text read in " + parser.getZoneId() + ": " + parser.parse(text[0]).getId());
      return;
    }
    for (String at : new String[] {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}) {
      long id = Instant.parse(at).toEpochMilli() - CosId.COSID_EPOCH << 22 | 1 << 12;
      String friendly = parser.parse(id).getFriendlyId();
      System.out.println(parser.getZoneId() + ": " + id + " is " + friendly + ", read back " + parser.parse(friendly).getId());
    }
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
{
  java -Duser.timezone=Europe/Berlin -cp "$(cat path.txt):." Seen
  java -Duser.timezone=UTC -cp "$(cat path.txt):." Seen 20261025023000000-1-0
} 2>/dev/null | tee seen
[ "$(cat seen)" = "Europe/Berlin: 904648458240004096 is 20261025023000000-1-0, read back 904648458240004096
Europe/Berlin: 904663557734404096 is 20261025023000000-1-0, read back 904648458240004096
that text read in UTC: 904678657228804096" ] || { echo "behaves otherwise now" >&2; exit 1; }
