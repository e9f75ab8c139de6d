#!/usr/bin/env bash
# The numbers under a Curator lock begin again at 0 when nobody has asked for the lock for a while: a fencing token falls.
#
# Guess: ZooKeeper's sequence numbers below one path rise for as long as the servers keep their data, so the number of the node that
#   holds a lock is a fencing token.
# What was seen: Curator's recipes make the lock's path as a container node. The server deletes that once it is empty, looking every minute
#   (here every five seconds, `znode.container.checkIntervalMs`), and the count of its children goes with it. The next lock is number 0 again. A
#   path that `creatingParentsIfNeeded` made counts on.
# Seen with curator-recipes and curator-test 5.9.0 (ZooKeeper 3.9), Java 17.0.15, 2026-12-01:
#   InterProcessMutex: 0 1 2, nobody for a while, 0 1 2
#   EPHEMERAL_SEQUENTIAL below creatingParentContainersIfNeeded: 0 1 2, nobody for a while, 0 1 2
#   EPHEMERAL_SEQUENTIAL below creatingParentsIfNeeded: 0 1 2, nobody for a while, 3 4 5
# Why it matters here: a store that refuses tokens lower than the last one refuses the rightful holder after a quiet minute, and IDs that are
#   drawn as sequential nodes come twice. The token of a lease here is a row that nothing deletes.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "needs Java and Maven" >&2; exit 2; }
cd "$work" || exit 2
cat >pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>s</groupId><artifactId>s</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.curator</groupId><artifactId>curator-recipes</artifactId><version>5.9.0</version></dependency>
<dependency><groupId>org.apache.curator</groupId><artifactId>curator-test</artifactId><version>5.9.0</version></dependency>
</dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=path.txt >/dev/null 2>&1 || exit 2
cat >Seen.java <<'JAVA'
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.CreateMode;

public class Seen {
  interface Draw {
    String node() throws Exception;
  }

  static int number(Draw draw) throws Exception {
    String node = draw.node();
    return Integer.parseInt(node.substring(node.length() - 10));
  }

  /** Whether the numbers fall. */
  static boolean fall(String name, Draw draw) throws Exception {
    StringBuilder told = new StringBuilder(name + ":");
    int highest = 0;
    for (int n = 0; n < 3; n++) {
      int drawn = number(draw);
      highest = Math.max(highest, drawn);
      told.append(" ").append(drawn);
    }
    Thread.sleep(17_000);
    told.append(", nobody for a while,");
    int lowest = Integer.MAX_VALUE;
    for (int n = 0; n < 3; n++) {
      int drawn = number(draw);
      lowest = Math.min(lowest, drawn);
      told.append(" ").append(drawn);
    }
    System.out.println(told);
    return lowest <= highest;
  }

  static String dropped(CuratorFramework client, String node) throws Exception {
    client.delete().forPath(node);
    return node;
  }

  public static void main(String[] none) throws Exception {
    System.setProperty("znode.container.checkIntervalMs", "5000");
    TestingServer server = new TestingServer(true);
    CuratorFramework client = CuratorFrameworkFactory.newClient("127.0.0.1:" + server.getPort(), new RetryOneTime(500));
    client.start();
    InterProcessMutex lock = new InterProcessMutex(client, "/locks/orders");
    boolean ofLock = fall("InterProcessMutex", () -> {
      lock.acquire();
      String node = client.getChildren().forPath("/locks/orders").get(0);
      lock.release();
      return node;
    });
    CreateMode mode = CreateMode.EPHEMERAL_SEQUENTIAL;
    boolean contained = fall(mode + " below creatingParentContainersIfNeeded",
        () -> dropped(client, client.create().creatingParentContainersIfNeeded().withMode(mode).forPath("/contained/id-")));
    boolean plain = fall(mode + " below creatingParentsIfNeeded",
        () -> dropped(client, client.create().creatingParentsIfNeeded().withMode(mode).forPath("/plain/id-")));
    System.exit(ofLock && contained && !plain ? 0 : 1);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
timeout 110 java -cp "$(cat path.txt):." Seen 2>/dev/null || { echo "behaves otherwise now" >&2; exit 1; }
