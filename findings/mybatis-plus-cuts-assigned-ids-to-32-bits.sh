#!/usr/bin/env bash
# MyBatis-Plus puts a 64-bit ID that it assigns into an Integer key without a word: one row in ten gets the ID of another.
#
# Guess: `IdType.ASSIGN_ID` on an Integer key fails at the first insert, as 19 digits don't fit.
# What was seen: the low 32 bits of the ID are taken. What is left of the time in them begins anew every 1.024 s, half of the IDs are
#   negative, and inserts of a few seconds meet each other.
# Seen with com.baomidou:mybatis-plus 3.5.9, H2 2.4.240, Java 17.0.15, 2026-12-01 (numbers vary):
#   Long key: 20000 rows, 20000 different IDs, 0 negative
#   Integer key: 20000 rows, 15283 different IDs, 9886 negative
# Why it matters here: an entity that was made for AUTO_INCREMENT and moves to 64-bit IDs keeps its `Integer id`, and every test with a
#   hundred rows is green. Its type must change before its IDs do.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.baomidou</groupId><artifactId>mybatis-plus</artifactId><version>3.5.9</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.baomidou.mybatisplus.annotation.IdType;
import com.baomidou.mybatisplus.annotation.TableId;
import com.baomidou.mybatisplus.annotation.TableName;
import com.baomidou.mybatisplus.core.MybatisConfiguration;
import com.baomidou.mybatisplus.core.MybatisSqlSessionFactoryBuilder;
import com.baomidou.mybatisplus.core.mapper.BaseMapper;
import java.sql.Connection;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.ibatis.mapping.Environment;
import org.apache.ibatis.session.SqlSession;
import org.apache.ibatis.transaction.jdbc.JdbcTransactionFactory;
import org.h2.jdbcx.JdbcDataSource;

public class Seen {
  static final int ROWS = 20_000;

  @TableName("with_long")
  public static class WithLong {
    @TableId(type = IdType.ASSIGN_ID)
    public Long id;
    public String name = "x";
  }

  @TableName("with_integer")
  public static class WithInteger {
    @TableId(type = IdType.ASSIGN_ID)
    public Integer id;
    public String name = "x";
  }

  public interface Longs extends BaseMapper<WithLong> {}

  public interface Integers extends BaseMapper<WithInteger> {}

  static int different(String name, Supplier<Number> insert) {
    Set<Number> ids = new HashSet<>();
    int negative = 0;
    for (int n = 0; n < ROWS; n++) {
      Number id = insert.get();
      ids.add(id);
      if (id.longValue() < 0) negative++;
    }
    System.out.println(name + " key: " + ROWS + " rows, " + ids.size() + " different IDs, " + negative + " negative");
    return ids.size();
  }

  public static void main(String[] none) throws Exception {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:mem:d;DB_CLOSE_DELAY=-1");
    try (Connection connection = source.getConnection(); Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE with_long (id BIGINT, name VARCHAR(9))");
      statement.execute("CREATE TABLE with_integer (id INT, name VARCHAR(9))");
    }
    MybatisConfiguration configuration = new MybatisConfiguration(new Environment("e", new JdbcTransactionFactory(), source));
    configuration.addMapper(Longs.class);
    configuration.addMapper(Integers.class);
    try (SqlSession session = new MybatisSqlSessionFactoryBuilder().build(configuration).openSession(true)) {
      Longs longs = session.getMapper(Longs.class);
      Integers integers = session.getMapper(Integers.class);
      int ofLong = different("Long", () -> {
        WithLong row = new WithLong();
        longs.insert(row);
        return row.id;
      });
      int ofInteger = different("Integer", () -> {
        WithInteger row = new WithInteger();
        integers.insert(row);
        return row.id;
      });
      System.exit(ofLong == ROWS && ofInteger < ROWS ? 0 : 1);
    }
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | grep ' key: '
[ "${PIPESTATUS[0]}" = 0 ] || { echo "behaves otherwise now" >&2; exit 1; }
