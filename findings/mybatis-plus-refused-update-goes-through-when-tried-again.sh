#!/usr/bin/env bash
# MyBatis-Plus's optimistic lock refuses an update once: the same object, saved again, overwrites what the other one wrote.
#
# Guess: an update that met another version leaves the object as it was read, so that each further try is refused until it is read anew.
# What was seen: the interceptor raises the object's version before the statement runs and doesn't take that back when no row was
#   changed. Now the object has the version that the other writer made: `updateById` in a loop "until it returns 1" succeeds at the second
#   turn, and the other's update is lost.
# Seen with com.baomidou:mybatis-plus 3.5.9, H2 2.4.240, Java 17.0.15, 2026-12-01:
#   first reader: 1 row updated, its version is 2
#   second reader: 0 rows updated, its version is 2
#   second reader, again: 1 row updated, its version is 3
#   end of the block: 2000
# Why it matters here: a block that two have read and raised, as in a table of counters with a version, goes to both. Ours is raised by a
#   statement that compares the value itself, or under a lock.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>com.baomidou</groupId><artifactId>mybatis-plus</artifactId><version>3.5.9</version></dependency>
<dependency><groupId>com.baomidou</groupId><artifactId>mybatis-plus-jsqlparser</artifactId><version>3.5.9</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import com.baomidou.mybatisplus.annotation.IdType;
import com.baomidou.mybatisplus.annotation.TableId;
import com.baomidou.mybatisplus.annotation.TableName;
import com.baomidou.mybatisplus.annotation.Version;
import com.baomidou.mybatisplus.core.MybatisConfiguration;
import com.baomidou.mybatisplus.core.MybatisSqlSessionFactoryBuilder;
import com.baomidou.mybatisplus.core.mapper.BaseMapper;
import com.baomidou.mybatisplus.extension.plugins.MybatisPlusInterceptor;
import com.baomidou.mybatisplus.extension.plugins.inner.OptimisticLockerInnerInterceptor;
import java.sql.Connection;
import java.sql.Statement;
import org.apache.ibatis.mapping.Environment;
import org.apache.ibatis.session.SqlSession;
import org.apache.ibatis.session.SqlSessionFactory;
import org.apache.ibatis.transaction.jdbc.JdbcTransactionFactory;
import org.h2.jdbcx.JdbcDataSource;

public class Seen {
  @TableName("counters")
  public static class Counter {
    @TableId(type = IdType.INPUT)
    public String name;
    public Long blockEnd;
    @Version
    public Integer version;
  }

  public interface Counters extends BaseMapper<Counter> {}

  static Counter read(SqlSessionFactory factory) {
    try (SqlSession session = factory.openSession(true)) {
      return session.getMapper(Counters.class).selectById("orders");
    }
  }

  static void update(SqlSessionFactory factory, String who, Counter counter) {
    try (SqlSession session = factory.openSession(true)) {
      int rows = session.getMapper(Counters.class).updateById(counter);
      System.out.println(who + ": " + rows + (rows == 1 ? " row" : " rows") + " updated, its version is " + counter.version);
    }
  }

  public static void main(String[] none) throws Exception {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:mem:d;DB_CLOSE_DELAY=-1");
    try (Connection connection = source.getConnection(); Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE counters (name VARCHAR(9) PRIMARY KEY, block_end BIGINT, version INT)");
      statement.execute("INSERT INTO counters VALUES ('orders', 1000, 1)");
    }
    MybatisConfiguration configuration = new MybatisConfiguration(new Environment("e", new JdbcTransactionFactory(), source));
    MybatisPlusInterceptor interceptor = new MybatisPlusInterceptor();
    interceptor.addInnerInterceptor(new OptimisticLockerInnerInterceptor());
    configuration.addInterceptor(interceptor);
    configuration.addMapper(Counters.class);
    SqlSessionFactory factory = new MybatisSqlSessionFactoryBuilder().build(configuration);
    Counter first = read(factory), second = read(factory);
    first.blockEnd += 1000;
    second.blockEnd += 1000;
    update(factory, "first reader", first);
    update(factory, "second reader", second);
    update(factory, "second reader, again", second);
    System.out.println("end of the block: " + read(factory).blockEnd);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
java -cp "$(cat path.txt):." Seen 2>/dev/null | grep -E '^(first|second|end)' | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
first reader: 1 row updated, its version is 2
second reader: 0 rows updated, its version is 2
second reader, again: 1 row updated, its version is 3
end of the block: 2000
SEEN
