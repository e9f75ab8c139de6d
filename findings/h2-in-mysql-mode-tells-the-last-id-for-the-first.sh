#!/usr/bin/env bash
# H2 in MySQL mode tells the last ID of an insert where MySQL's LAST_INSERT_ID() is the first, and also IDs that it didn't make.
#
# Guess: MODE=MySQL exists so that tests run against H2, so LAST_INSERT_ID() after three rows is the ID of the first, and a row that came
#   with its own ID changes nothing.
# What was seen: three rows from 1 on are told as 3, and an explicit 100 as 100. LAST_INSERT_ID(expr) agrees. A 0 in an AUTO_INCREMENT column
#   stays a 0, BIGINT UNSIGNED takes -1 and refuses 2^63.
# Seen with com.h2database:h2 2.4.240, mariadb-java-client 3.5.6, MariaDB 10.11.19, Java 17.0.15, 2026-12-01:
#   LAST_INSERT_ID() after rows 1, 2, 3: H2 3, MariaDB 1
#   LAST_INSERT_ID() after row 100 with its own id: H2 100, MariaDB 1
#   LAST_INSERT_ID() after LAST_INSERT_ID(v + 10) of 5: H2 15, MariaDB 15
#   id of a row inserted with 0: H2 0, MariaDB 101
#   9223372036854775808 as BIGINT UNSIGNED: H2 refused, MariaDB taken
#   -1 as BIGINT UNSIGNED: H2 taken, MariaDB refused
# Why it matters here: who takes a block by inserting n rows and counting on from LAST_INSERT_ID() has tests that are green on H2 only if the code
#   is wrong on MySQL. Nothing that allocates IDs is tested against a stand-in here.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
<dependency><groupId>org.mariadb.jdbc</groupId><artifactId>mariadb-java-client</artifactId><version>3.5.6</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

public class Seen {
  static String last(Statement statement, String... before) throws SQLException {
    for (String sql : before) statement.execute(sql);
    ResultSet row = statement.executeQuery("SELECT LAST_INSERT_ID()");
    row.next();
    return row.getString(1);
  }

  static String taken(Statement statement, String id) {
    try {
      statement.execute("INSERT INTO u VALUES (" + id + ")");
      return "taken";
    } catch (SQLException refused) {
      return "refused";
    }
  }

  static Map<String, String> all(String url) throws SQLException {
    Map<String, String> told = new LinkedHashMap<>();
    try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9))");
      statement.execute("CREATE TABLE counters (v BIGINT)");
      statement.execute("CREATE TABLE u (id BIGINT UNSIGNED)");
      told.put("LAST_INSERT_ID() after rows 1, 2, 3", last(statement, "INSERT INTO t (name) VALUES ('a'), ('b'), ('c')"));
      told.put("LAST_INSERT_ID() after row 100 with its own id", last(statement, "INSERT INTO t VALUES (100, 'd')"));
      told.put("LAST_INSERT_ID() after LAST_INSERT_ID(v + 10) of 5",
          last(statement, "INSERT INTO counters VALUES (5)", "UPDATE counters SET v = LAST_INSERT_ID(v + 10)"));
      statement.execute("INSERT INTO t VALUES (0, 'zero')");
      ResultSet row = statement.executeQuery("SELECT id FROM t WHERE name = 'zero'");
      row.next();
      told.put("id of a row inserted with 0", row.getString(1));
      for (String id : new String[] {"9223372036854775808", "-1"}) told.put(id + " as BIGINT UNSIGNED", taken(statement, id));
    }
    return told;
  }

  public static void main(String[] args) throws SQLException {
    Map<String, String> ofH2 = all("jdbc:h2:mem:d;MODE=MySQL"), ofMariaDb = all("jdbc:mariadb://127.0.0.1:" + args[0] + "/d?user=root&sslMode=disable");
    ofH2.forEach((what, told) -> System.out.println(what + ": H2 " + told + ", MariaDB " + ofMariaDb.get(what)));
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
sql -e 'CREATE DATABASE d'
java -cp "$(cat path.txt):." Seen "$port" 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
LAST_INSERT_ID() after rows 1, 2, 3: H2 3, MariaDB 1
LAST_INSERT_ID() after row 100 with its own id: H2 100, MariaDB 1
LAST_INSERT_ID() after LAST_INSERT_ID(v + 10) of 5: H2 15, MariaDB 15
id of a row inserted with 0: H2 0, MariaDB 101
9223372036854775808 as BIGINT UNSIGNED: H2 refused, MariaDB taken
-1 as BIGINT UNSIGNED: H2 taken, MariaDB refused
SEEN
