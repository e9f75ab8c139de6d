import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { findBinary } from './find-binary.ts';
import { poll } from './poll.ts';
import { freePort } from './ports.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

const run = promisify(execFile);

/** A Redis Cluster. */
export interface RedisClusterSetup extends AsyncDisposable {
  readonly nodes: readonly RedisServer[];
  /** For `redis.url`: one node. */
  readonly url: string;
  /** For `redis.clusterNodes`: the other ones. */
  readonly clusterNodes: string;
  /** The master that has the slot of a key. */
  masterOf(key: string): Promise<RedisServer>;
}

/**
 * Starts `masters` nodes with a share of the slots each, and as many replicas unless told otherwise.
 *
 * @param nodeTimeoutMs when a silent node is considered dead
 */
export async function startRedisCluster(
  masters = 3,
  replicasEach = 1,
  nodeTimeoutMs = 1_000,
): Promise<RedisClusterSetup> {
  await using starting = new AsyncDisposableStack();
  const nodes = await Promise.all(
    Array.from({ length: masters * (1 + replicasEach) }, () => startNode(nodeTimeoutMs)),
  );
  for (const node of nodes) starting.use(node);
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run(findBinary('redis-cli', 'redis-tools'), [
    ...['--cluster', 'create', ...addresses, '--cluster-replicas', `${replicasEach}`, '--cluster-yes'],
  ]);
  const whole = () => Promise.all(nodes.map((node) => isWhole(node, nodes.length)));
  if (!(await poll(async () => (await whole()).every(Boolean))))
    throw new Error('the nodes of the cluster do not agree');
  const stack = starting.move();
  return {
    nodes,
    url: `redis://${addresses[0]}`,
    clusterNodes: addresses.slice(1).join(','),
    async masterOf(key) {
      const asked = nodes.find(({ running }) => running) as RedisServer;
      const port = await ask(asked, async (client) => {
        const slot = await client.cluster('KEYSLOT', key);
        const ranges = await client.cluster('SLOTS');
        return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1];
      });
      return nodes.find((node) => node.port === port) as RedisServer;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function startNode(nodeTimeoutMs: number): Promise<RedisServer> {
  return startRedis({
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeoutMs}`],
      // By default it is 10,000 above the other port, and something else may listen there.
      ...['--cluster-port', `${await freePort()}`],
    ],
  });
}

/** True if a node says that the cluster is in order and all replicas are in step. */
function isWhole(node: RedisServer, size: number): Promise<boolean> {
  return ask(node, async (client) => {
    const info = await client.cluster('INFO');
    const replication = await client.info('replication');
    return (
      info.includes('cluster_state:ok') &&
      info.includes(`cluster_known_nodes:${size}`) &&
      !replication.includes('master_link_status:down')
    );
  });
}

async function ask<T>({ url }: RedisServer, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
