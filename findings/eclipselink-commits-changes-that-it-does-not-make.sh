#!/usr/bin/env bash
# EclipseLink reads an unsigned ID above 2^63 - 1 as a negative one and commits changes of that row without making them.
#
# Guess: a BIGINT UNSIGNED of 2^64 - 1 in a `Long id` throws when it is read, as in Hibernate; and an update that finds no row throws.
# What was seen: the object is read, its id is -1. A change of it is committed without an error: `UPDATE … WHERE id = -1` changes no row,
#   and without a @Version EclipseLink doesn't look at the count. The driver makes no difference.
# Seen with org.eclipse.persistence.jpa 4.0.5, hibernate-core 6.6.33.Final, mysql-connector-j 9.5.0, mariadb-java-client 3.5.6, MariaDB 10.11.19,
#   Java 17.0.15, 2026-12-01:
#   eclipselink, mysql: read -1=top 7=seven, changed, committed; rows 7=SEVEN 18446744073709551615=top
#   eclipselink, mariadb: read -1=top 7=seven, changed, committed; rows 7=SEVEN 18446744073709551615=top
#   hibernate, mysql: not read; rows 7=seven 18446744073709551615=top
#   hibernate, mariadb: not read; rows 7=seven 18446744073709551615=top
# Why it matters here: an ID of unsigned 64 bits is another one there, goes on to others as -1, and what is saved under it is lost. The
#   highest ID of ours is 2^63 - 2.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.eclipse.persistence</groupId><artifactId>org.eclipse.persistence.jpa</artifactId><version>4.0.5</version></dependency>
<dependency><groupId>org.hibernate.orm</groupId><artifactId>hibernate-core</artifactId><version>6.6.33.Final</version></dependency>
<dependency><groupId>com.mysql</groupId><artifactId>mysql-connector-j</artifactId><version>9.5.0</version></dependency>
<dependency><groupId>org.mariadb.jdbc</groupId><artifactId>mariadb-java-client</artifactId><version>3.5.6</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
mkdir META-INF
unit() { echo "<persistence-unit name='$1'><provider>$2</provider><class>Seen\$Thing</class></persistence-unit>"; }
cat >META-INF/persistence.xml <<XML
<persistence xmlns="https://jakarta.ee/xml/ns/persistence" version="3.0">
$(unit eclipselink org.eclipse.persistence.jpa.PersistenceProvider)
$(unit hibernate org.hibernate.jpa.HibernatePersistenceProvider)
</persistence>
XML
cat >Seen.java <<'JAVA'
import jakarta.persistence.*;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

public class Seen {
  @Entity(name = "Thing")
  @Table(name = "things")
  public static class Thing {
    @Id
    public Long id;
    public String name;
  }

  static String readAndChange(EntityManager manager) {
    StringBuilder told = new StringBuilder("read");
    List<Thing> things;
    try {
      things = manager.createQuery("SELECT t FROM Thing t ORDER BY t.name DESC", Thing.class).getResultList();
    } catch (PersistenceException refused) {
      return "not read";
    }
    manager.getTransaction().begin();
    for (Thing thing : things) {
      told.append(" ").append(thing.id).append("=").append(thing.name);
      thing.name = thing.name.toUpperCase();
    }
    manager.getTransaction().commit();
    return told + ", changed, committed";
  }

  static String rows(Statement statement) throws SQLException {
    StringBuilder told = new StringBuilder("rows");
    for (ResultSet row = statement.executeQuery("SELECT id, name FROM things ORDER BY id"); row.next();)
      told.append(" ").append(row.getString(1)).append("=").append(row.getString(2));
    return told.toString();
  }

  public static void main(String[] args) throws SQLException {
    for (String provider : List.of("eclipselink", "hibernate")) {
      for (String driver : List.of("mysql", "mariadb")) {
        String url = "jdbc:" + driver + "://127.0.0.1:" + args[0] + "/d?sslMode=disable" + (driver.equals("mysql") ? "d" : "");
        try (Connection connection = DriverManager.getConnection(url, "root", ""); Statement statement = connection.createStatement()) {
          statement.execute("CREATE OR REPLACE TABLE things (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(9))");
          statement.execute("INSERT INTO things VALUES (18446744073709551615, 'top'), (7, 'seven')");
          EntityManagerFactory factory = Persistence.createEntityManagerFactory(provider, Map.of("jakarta.persistence.jdbc.url", url,
              "jakarta.persistence.jdbc.user", "root", "jakarta.persistence.jdbc.password", "",
              "eclipselink.logging.level", "OFF", "eclipselink.weaving", "false"));
          String told = readAndChange(factory.createEntityManager());
          System.out.println(provider + ", " + driver + ": " + told + "; " + rows(statement));
        }
      }
    }
    System.exit(0);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
sql -e 'CREATE DATABASE d'
timeout 100 java -cp "$(cat path.txt):." Seen "$port" 2>/dev/null | grep -E '^(ecl|hib)' | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
eclipselink, mysql: read -1=top 7=seven, changed, committed; rows 7=SEVEN 18446744073709551615=top
eclipselink, mariadb: read -1=top 7=seven, changed, committed; rows 7=SEVEN 18446744073709551615=top
hibernate, mysql: not read; rows 7=seven 18446744073709551615=top
hibernate, mariadb: not read; rows 7=seven 18446744073709551615=top
SEEN
