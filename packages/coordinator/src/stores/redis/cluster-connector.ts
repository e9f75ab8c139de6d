import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

interface Node {
  readonly host: string;
  readonly port: number;
}

/**
 * Makes a connector for ioredis that leads to the node of a Redis Cluster that has the keys of `keyPrefix`: its hash
 * tag puts all of them into one slot. So one server answers, as without a cluster, and the same rules hold: it is
 * away or it is not, a command is sent to it once or not at all, and it hears what is published on it. (ioredis' own
 * `Cluster` sends commands on to other nodes, and some of them twice.) It does not spread load.
 *
 * Each connection asks anew, beginning with the node after the one that answered last: a node that is cut off with a
 * minority still believes in the old state.
 */
export function clusterConnector(nodes: readonly string[], keyPrefix: string) {
  return class ClusterConnector extends AbstractConnector {
    readonly #options: RedisOptions;
    readonly #nodes: readonly Node[];
    #next = 0;

    constructor(options: unknown) {
      super((options as { disconnectTimeout: number }).disconnectTimeout);
      this.#options = options as RedisOptions;
      const { host = '127.0.0.1', port = 6379 } = this.#options;
      this.#nodes = [{ host, port }, ...nodes.map(parseNode)];
    }

    /** A node may have lost its slots since it was named. */
    override check({ role }: { role?: string }): boolean {
      return role === undefined || role === 'master';
    }

    override async connect(): Promise<typeof this.stream> {
      this.connecting = true;
      const node = await this.#findOwner();
      if (!this.connecting) throw new Error('Connection is closed.');
      const { tls } = this.#options;
      this.stream = tls ? connectTls({ ...node, ...tls }) : createConnection(node);
      this.stream.once('error', (error) => {
        this.firstError = error;
      });
      return this.stream;
    }

    async #findOwner(): Promise<Node> {
      let failure: unknown;
      for (let asked = 0; asked < this.#nodes.length && this.connecting; asked++) {
        const node = this.#nodes[this.#next++ % this.#nodes.length] as Node;
        try {
          const owner = await this.#ask(node);
          if (owner !== undefined) return owner;
        } catch (error) {
          failure = error;
        }
      }
      throw new Error('No node of the Redis Cluster says who has the slot.', { cause: failure });
    }

    /** Undefined if nobody has the slot. */
    async #ask(node: Node): Promise<Node | undefined> {
      const { username, password, tls, connectTimeout } = this.#options;
      const redis = new Redis({
        ...node,
        ...(username && { username }),
        ...(password && { password }),
        ...(tls && { tls }),
        ...(connectTimeout && { connectTimeout, commandTimeout: connectTimeout }),
        lazyConnect: true,
        enableReadyCheck: false,
        retryStrategy: () => null,
      });
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        const slot = await redis.cluster('KEYSLOT', keyPrefix);
        const slots = await redis.cluster('SLOTS');
        const owner = slots.find(([from, to]) => from <= slot && slot <= to)?.[2];
        // If a node does not know its own address, it is the one at which it was found.
        return owner && { host: owner[0] || node.host, port: owner[1] };
      } finally {
        redis.disconnect();
      }
    }
  };
}

/** `host:port`, IPv6 in brackets. */
function parseNode(text: string): Node {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
