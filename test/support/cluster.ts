import { type Pace, Service } from './service.ts';

export interface ClusterOptions {
  readonly mysqlUrl: string;
  readonly redisUrl: string;
  readonly coordinators: number;
  readonly agents: number;
  /** Distinguishes the keys of clusters that share a Redis. */
  readonly keyPrefix?: string;
  readonly coordinatorFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  /** As for a service. */
  readonly pace?: Pace;
}

/** Coordinators and agents as real processes on given stores. */
export class Cluster implements AsyncDisposable {
  readonly coordinators: readonly Service[];
  /** `agent-1` first, then in the order in which they were added. */
  readonly agents: Service[] = [];
  readonly #agentFlags: readonly string[];
  readonly #pace: Pace | undefined;
  #named = 0;

  private constructor(coordinators: readonly Service[], { agentFlags = [], pace }: ClusterOptions) {
    this.coordinators = coordinators;
    this.#agentFlags = agentFlags;
    this.#pace = pace;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { mysqlUrl, redisUrl, keyPrefix = 'leafcutter:', coordinatorFlags = [], pace } = options;
    const env = { LEAFCUTTER_MYSQL_URL: mysqlUrl, LEAFCUTTER_REDIS_URL: redisUrl };
    const coordinators = await allOrNone(
      Array.from({ length: options.coordinators }, (_, index) =>
        Service.start({
          kind: 'coordinator',
          name: `coordinator-${index + 1}`,
          flags: ['--redis-key-prefix', keyPrefix, ...coordinatorFlags],
          env,
          pace,
        }),
      ),
    );
    const cluster = new Cluster(coordinators, options);
    try {
      const agents = await allOrNone(Array.from({ length: options.agents }, () => cluster.addAgent()));
      // Whichever was ready first.
      cluster.agents.splice(0, agents.length, ...agents);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Adds an agent that knows all coordinators. */
  async addAgent(
    options: {
      flags?: readonly string[];
      env?: Readonly<Record<string, string>>;
      until?: 'ready' | 'live';
    } = {},
  ): Promise<Service> {
    const { flags = [], env = {}, until = 'ready' } = options;
    this.#named += 1;
    const agent = await Service.start(
      {
        kind: 'agent',
        name: `agent-${this.#named}`,
        flags: [
          '--coordinators',
          this.coordinators.map(({ url }) => url).join(','),
          ...this.#agentFlags,
          ...flags,
        ],
        env,
        pace: this.#pace,
      },
      until,
    );
    this.agents.push(agent);
    return agent;
  }

  /** Creates a tag through the first coordinator, with a token if it asks for one. */
  async createTag(tag: string, fields: object = {}, token?: string): Promise<void> {
    const response = await fetch(`${this.coordinators[0]?.url}/v1/tags`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ tag, ...fields }),
    });
    if (!response.ok) throw new Error(`creating ${tag}: ${response.status} ${await response.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await Promise.all(this.coordinators.map((coordinator) => coordinator.stop()));
  }
}

/** Services that start together. If one does not start, the others are stopped, since nobody else could. */
async function allOrNone(starting: readonly Promise<Service>[]): Promise<Service[]> {
  const results = await Promise.allSettled(starting);
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (started.length === results.length) return started;
  await Promise.all(started.map((service) => service.stop()));
  throw results.find((result) => result.status === 'rejected')?.reason;
}
