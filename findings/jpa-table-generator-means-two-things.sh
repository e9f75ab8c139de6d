#!/usr/bin/env bash
# Hibernate and EclipseLink draw the same IDs from one row of a @TableGenerator, and different ones from one @SequenceGenerator.
#
# Guess: both annotations, their tables and allocationSize are told by Jakarta Persistence, so two providers on one counter allocate
#   blocks beside each other, and an application can be moved from one to the other.
# What was seen: both add 50 to the row, but EclipseLink's block ends at the value that it writes, Hibernate's beside the one that it
#   read: each block of Hibernate is that of the one before it. One move from EclipseLink to Hibernate is enough. With a sequence
#   they agree.
# Seen with hibernate-core 6.6.33.Final, org.eclipse.persistence.jpa 4.0.5, H2 2.4.240, Java 17.0.15, 2026-11-30:
#   table: eclipselink 1..60, hibernate 52..111, eclipselink 61..220, hibernate 112..221; 68 of 240 drawn before
#   sequence: eclipselink 1..60, hibernate 101..160, eclipselink 61..220, hibernate 161..270; 0 of 240 drawn before
# Why it matters here: "the counter's value" is the end of the last block, or of the next. An import asks which: [old, new) as in
#   leaf_alloc, or (old, new] as in tinyid and CosId.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null || { echo "needs mvn" >&2; exit 2; }
cd "$work"
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.hibernate.orm</groupId><artifactId>hibernate-core</artifactId><version>6.6.33.Final</version></dependency>
<dependency><groupId>org.eclipse.persistence</groupId><artifactId>org.eclipse.persistence.jpa</artifactId><version>4.0.5</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
mkdir META-INF
unit() { echo "<persistence-unit name='$1'><provider>$2</provider><class>Seen\$OfTable</class><class>Seen\$OfSequence</class></persistence-unit>"; }
cat >META-INF/persistence.xml <<XML
<persistence xmlns="https://jakarta.ee/xml/ns/persistence" version="3.0">
$(unit hibernate org.hibernate.jpa.HibernatePersistenceProvider)
$(unit eclipselink org.eclipse.persistence.jpa.PersistenceProvider)
</persistence>
XML
cat >Seen.java <<'JAVA'
import jakarta.persistence.*;
import java.util.*;
import java.util.function.Function;

public class Seen {
  @Entity(name = "OfTable")
  public static class OfTable {
    @Id
    @TableGenerator(name = "t", table = "counters", pkColumnName = "name", valueColumnName = "at", pkColumnValue = "orders", allocationSize = 50)
    @GeneratedValue(strategy = GenerationType.TABLE, generator = "t")
    public Long id;
  }

  @Entity(name = "OfSequence")
  public static class OfSequence {
    @Id
    @SequenceGenerator(name = "s", sequenceName = "order_ids", allocationSize = 50)
    @GeneratedValue(strategy = GenerationType.SEQUENCE, generator = "s")
    public Long id;
  }

  static EntityManagerFactory provider(String name, String schema) {
    return Persistence.createEntityManagerFactory(name, Map.of(
        "jakarta.persistence.jdbc.driver", "org.h2.Driver",
        "jakarta.persistence.jdbc.url", "jdbc:h2:mem:d;DB_CLOSE_DELAY=-1",
        "jakarta.persistence.jdbc.user", "sa",
        "jakarta.persistence.jdbc.password", "",
        "jakarta.persistence.schema-generation.database.action", schema,
        "eclipselink.weaving", "false",
        "eclipselink.logging.level", "OFF"));
  }

  /** Draws 60 IDs and keeps the counter, not the rows. */
  static List<Long> draw(EntityManagerFactory from, Function<EntityManager, Long> one) {
    EntityManager manager = from.createEntityManager();
    manager.getTransaction().begin();
    List<Long> drawn = new ArrayList<>();
    for (int n = 0; n < 60; n++) drawn.add(one.apply(manager));
    manager.clear();
    manager.getTransaction().commit();
    manager.close();
    return drawn;
  }

  static int drawnBefore(String name, Map<String, EntityManagerFactory> providers, Function<EntityManager, Long> one) {
    Set<Long> all = new HashSet<>();
    List<String> told = new ArrayList<>();
    int again = 0;
    for (String who : List.of("eclipselink", "hibernate", "eclipselink", "hibernate")) {
      List<Long> drawn = draw(providers.get(who), one);
      for (Long id : drawn) if (!all.add(id)) again++;
      told.add(who + " " + Collections.min(drawn) + ".." + Collections.max(drawn));
    }
    System.out.println(name + ": " + String.join(", ", told) + "; " + again + " of 240 drawn before");
    return again;
  }

  public static void main(String[] none) {
    EntityManagerFactory eclipseLink = provider("eclipselink", "create");
    eclipseLink.createEntityManager().close();
    Map<String, EntityManagerFactory> providers = Map.of("eclipselink", eclipseLink, "hibernate", provider("hibernate", "none"));
    int ofTable = drawnBefore("table", providers, manager -> {
      OfTable row = new OfTable();
      manager.persist(row);
      return row.id;
    });
    int ofSequence = drawnBefore("sequence", providers, manager -> {
      OfSequence row = new OfSequence();
      manager.persist(row);
      return row.id;
    });
    System.exit(ofTable > 0 && ofSequence == 0 ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null || { echo "behaves otherwise now" >&2; exit 1; }
