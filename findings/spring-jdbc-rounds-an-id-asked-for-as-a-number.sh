#!/usr/bin/env bash
# Spring JDBC reads an ID through a double if it is asked for as a Number, and its incrementers hand out negative ints.
#
# Guess: `Number` leaves the type to the driver, so a BIGINT comes as a Long; and `nextIntValue` throws once the next value is no int.
# What was seen: everything that maps a column to `Number` calls `getDouble`: JdbcTemplate, JdbcClient, the field of a record or a bean.
#   `longValue()` of that is another ID. `Object` and a plain map give the Long. `nextIntValue` goes on from 2147483647 at -2147483648.
# Seen with org.springframework:spring-jdbc 6.2.12, H2 2.4.240, Java 17.0.15, 2026-12-01, in the table: 9007199254740993
#   JdbcTemplate as Long: 9007199254740993
#   JdbcTemplate as Object: 9007199254740993
#   JdbcTemplate as Number: 9007199254740992
#   JdbcClient as Number: 9007199254740992
#   record with a Number: 9007199254740992
#   bean with a Number: 9007199254740992
#   nextIntValue: 2147483647 -2147483648
# Why it matters here: a DAO that is written for every kind of key says `Number id`, and works until IDs are longer than 2^53; then it finds,
#   and deletes, a neighbour. The column must be asked for as what it is.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.springframework</groupId><artifactId>spring-jdbc</artifactId><version>6.2.12</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import org.h2.jdbcx.JdbcDataSource;
import org.springframework.jdbc.core.BeanPropertyRowMapper;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.incrementer.H2SequenceMaxValueIncrementer;

public class Seen {
  public record Row(Number id) {}

  public static class Bean {
    private Number id;

    public Number getId() {
      return id;
    }

    public void setId(Number id) {
      this.id = id;
    }
  }

  static void tell(String how, Object id) {
    System.out.println(how + ": " + ((Number) id).longValue());
  }

  public static void main(String[] none) {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:mem:d;DB_CLOSE_DELAY=-1");
    JdbcTemplate template = new JdbcTemplate(source);
    template.execute("CREATE TABLE things (id BIGINT PRIMARY KEY)");
    template.execute("INSERT INTO things VALUES (9007199254740993)");
    template.execute("CREATE SEQUENCE numbers START WITH 2147483647");
    String query = "SELECT id FROM things";
    tell("JdbcTemplate as Long", template.queryForObject(query, Long.class));
    tell("JdbcTemplate as Object", template.queryForObject(query, Object.class));
    tell("JdbcTemplate as Number", template.queryForObject(query, Number.class));
    tell("JdbcClient as Number", JdbcClient.create(source).sql(query).query(Number.class).single());
    tell("record with a Number", template.queryForObject(query, new DataClassRowMapper<>(Row.class)).id());
    tell("bean with a Number", template.queryForObject(query, new BeanPropertyRowMapper<>(Bean.class)).getId());
    H2SequenceMaxValueIncrementer numbers = new H2SequenceMaxValueIncrementer(source, "numbers");
    System.out.println("nextIntValue: " + numbers.nextIntValue() + " " + numbers.nextIntValue());
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | grep ': ' | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
JdbcTemplate as Long: 9007199254740993
JdbcTemplate as Object: 9007199254740993
JdbcTemplate as Number: 9007199254740992
JdbcClient as Number: 9007199254740992
record with a Number: 9007199254740992
bean with a Number: 9007199254740992
nextIntValue: 2147483647 -2147483648
SEEN
