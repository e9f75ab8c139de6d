#!/usr/bin/env bash
# Connector/J tells two generated keys for one updated row, and rewriteBatchedStatements changes which keys a batch is told.
#
# Guess: getGeneratedKeys() has one key for each row that was inserted or updated, and a setting for speed leaves them as they are.
# What was seen: the server counts an updated row as two, and Connector/J counts on from its id: the second key is that of another
#   row. A batch is told rightly, row by row; with rewriteBatchedStatements it becomes one statement, and Connector/J tells four keys for
#   three rows, of which only the first is that of its row. MariaDB's Connector/J tells the batch rightly in either case.
# Seen with mysql-connector-j 9.5.0, mariadb-java-client 3.5.6, Java 17.0.15, MariaDB 10.11.19, 2026-11-30:
#   rows: a=1 b=2 c=3
#   mysql, one row, b again: keys 2 3
#   mysql, batch of x, b, y: keys 5 2 7, rows a=1 b=2 c=3 x=5 y=7
#   mysql rewritten, one row, b again: keys 2 3
#   mysql rewritten, batch of x, b, y: keys 5 6 7 8, rows a=1 b=2 c=3 x=5 y=6
#   mariadb, one row, b again: keys 2
#   mariadb, batch of x, b, y: keys 5 2 7, rows a=1 b=2 c=3 x=5 y=7
#   mariadb rewritten, one row, b again: keys 2
#   mariadb rewritten, batch of x, b, y: keys 5 2 7, rows a=1 b=2 c=3 x=5 y=7
# Why it matters here: what is written under the key of b in a batch goes to a row that is not b. An ID that the caller drew first is never
#   told back wrongly.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.mysql</groupId><artifactId>mysql-connector-j</artifactId><version>9.5.0</version></dependency>
<dependency><groupId>org.mariadb.jdbc</groupId><artifactId>mariadb-java-client</artifactId><version>3.5.6</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Keys.java <<'JAVA'
import java.sql.*;

public class Keys {
  static final String UPSERT = "INSERT INTO t (name) VALUES (?) ON DUPLICATE KEY UPDATE n = n + 1";

  static String told(Connection connection, String... names) throws SQLException {
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT, Statement.RETURN_GENERATED_KEYS)) {
      for (String name : names) {
        upsert.setString(1, name);
        if (names.length > 1) upsert.addBatch();
      }
      if (names.length > 1) upsert.executeBatch();
      else upsert.executeUpdate();
      StringBuilder keys = new StringBuilder("keys");
      for (ResultSet key = upsert.getGeneratedKeys(); key.next();) keys.append(' ').append(key.getLong(1));
      return keys.toString();
    }
  }

  static String rows(Statement statement) throws SQLException {
    StringBuilder rows = new StringBuilder("rows");
    for (ResultSet row = statement.executeQuery("SELECT name, id FROM t ORDER BY id"); row.next();)
      rows.append(' ').append(row.getString(1)).append('=').append(row.getLong(2));
    return rows.toString();
  }

  public static void main(String[] args) throws SQLException {
    for (String kind : new String[] {"mysql", "mysql rewritten", "mariadb", "mariadb rewritten"}) {
      String url = "jdbc:" + kind.split(" ")[0] + "://127.0.0.1:" + args[0] + "/d?user=root&sslMode=disable"
          + (kind.startsWith("mysql") ? "d" : "") + (kind.endsWith("rewritten") ? "&rewriteBatchedStatements=true" : "");
      try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
        statement.execute("CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) UNIQUE, n INT DEFAULT 0)");
        statement.execute("INSERT INTO t (name) VALUES ('a'), ('b'), ('c')");
        if (kind.equals("mysql")) System.out.println(rows(statement).replace("rows", "rows:"));
        System.out.println(kind + ", one row, b again: " + told(connection, "b"));
        System.out.println(kind + ", batch of x, b, y: " + told(connection, "x", "b", "y") + ", " + rows(statement));
      }
    }
  }
}
JAVA
javac Keys.java || exit 2
sql -e 'CREATE DATABASE d'
java -cp "$(cat path.txt):." Keys "$port" >seen 2>err || { cat err >&2; exit 1; }
cat seen
right='keys 5 2 7, rows a=1 b=2 c=3 x=5 y=7'
diff seen <(printf '%s\n' 'rows: a=1 b=2 c=3' 'mysql, one row, b again: keys 2 3' "mysql, batch of x, b, y: $right" \
  'mysql rewritten, one row, b again: keys 2 3' 'mysql rewritten, batch of x, b, y: keys 5 6 7 8, rows a=1 b=2 c=3 x=5 y=6' \
  'mariadb, one row, b again: keys 2' "mariadb, batch of x, b, y: $right" \
  'mariadb rewritten, one row, b again: keys 2' "mariadb rewritten, batch of x, b, y: $right")
