#!/usr/bin/env bash
# Curator's InterProcessMutex says yes to its old holder at once, asking nobody, while another process holds the lock.
#
# Guess: once its session has ended, `acquire` on a lock that it held asks ZooKeeper again, and waits for the one who holds it now;
#   `isOwnedByCurrentThread` is false.
# What was seen: a thread that was given the lock once is given it again from memory, for ever, however its session ended: two holders, both
#   told so by `acquire`. `isAcquiredInThisProcess` and `isOwnedByCurrentThread` say the same, and both releases go well. Another thread of
#   the process is told no.
# Seen with curator-recipes and curator-test 5.9.0 (ZooKeeper 3.9), Java 17.0.15, 2026-12-01:
#   the first's session ends; the second acquires: true
#   the first, with a new session: isOwnedByCurrentThread true, acquire true
#   another thread of the first: acquire false
#   the first releases twice: no error; the second holds it still: true
# Why it matters here: `acquire` before each block of IDs looks like asking whether the lock still stands, and asks nothing. An agent here
#   counts its lease by its own clock and stops before it ends.
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;

public class Seen {
  static CuratorFramework process(TestingServer server) {
    CuratorFramework client = CuratorFrameworkFactory.newClient("127.0.0.1:" + server.getPort(), 5_000, 5_000, new RetryOneTime(500));
    client.start();
    return client;
  }

  static boolean acquire(InterProcessMutex lock, int seconds) {
    try {
      return lock.acquire(seconds, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  public static void main(String[] none) throws Exception {
    TestingServer server = new TestingServer(true);
    CuratorFramework one = process(server), two = process(server);
    InterProcessMutex first = new InterProcessMutex(one, "/locks/orders"), second = new InterProcessMutex(two, "/locks/orders");
    first.acquire();
    long session = one.getZookeeperClient().getZooKeeper().getSessionId();
    one.getZookeeperClient().getZooKeeper().getTestable().injectSessionExpiration();
    System.out.println("the first's session ends; the second acquires: " + acquire(second, 30));
    while (one.getZookeeperClient().getZooKeeper().getSessionId() == session || !one.getZookeeperClient().isConnected()) Thread.sleep(100);
    boolean owned = first.isOwnedByCurrentThread();
    System.out.println("the first, with a new session: isOwnedByCurrentThread " + owned + ", acquire " + acquire(first, 2));
    System.out.println("another thread of the first: acquire " + CompletableFuture.supplyAsync(() -> acquire(first, 2)).get());
    first.release();
    first.release();
    boolean held = !CompletableFuture.supplyAsync(() -> acquire(first, 2)).get();
    System.out.println("the first releases twice: no error; the second holds it still: " + held);
    System.exit(0);
  }
}
JAVA
javac -cp "$(cat path.txt)" Seen.java || exit 2
timeout 100 java -cp "$(cat path.txt):." Seen 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
the first's session ends; the second acquires: true
the first, with a new session: isOwnedByCurrentThread true, acquire true
another thread of the first: acquire false
the first releases twice: no error; the second holds it still: true
SEEN
