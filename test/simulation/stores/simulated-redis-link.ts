import { RedisWatch } from '@leafcutter/coordinator/stores/redis/watch';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Network } from '../machine/network.ts';
import type { Process } from '../machine/process.ts';
import type { RedisServer, SimulatedRedis } from './simulated-redis.ts';

/** As `redis.commandTimeoutMs`. */
const COMMAND_TIMEOUT_MS = 300;

/**
 * A coordinator's connection to Redis, like `RedisLink`: commands are sent once or not at all, and the real
 * `RedisWatch` judges whether Redis is away.
 */
export class SimulatedRedisLink {
  readonly #process: Process;
  readonly #redis: SimulatedRedis;
  readonly #network: Network;
  readonly #watch: RedisWatch;
  #incarnation = 1;
  #server: RedisServer | undefined;
  #starts = 0;

  constructor(parts: {
    process: Process;
    redis: SimulatedRedis;
    network: Network;
    onChange: (up: boolean) => void;
  }) {
    this.#process = parts.process;
    this.#redis = parts.redis;
    this.#network = parts.network;
    this.#watch = new RedisWatch({
      clock: parts.process.clock,
      probe: () => this.#ask(() => undefined),
      timeoutMs: COMMAND_TIMEOUT_MS,
      reconnect: () => undefined,
      onChange: (up) => {
        if (up) this.#incarnation += 1;
        parts.onChange(up);
      },
    });
  }

  /** Rises when Redis came back, or another server answers. */
  get incarnation(): number {
    return this.#incarnation;
  }

  get up(): boolean {
    return this.#watch.up;
  }

  /** @throws STORE_UNAVAILABLE with `reason`: the command may have been carried out, unless Redis was away before it */
  async run<T>(command: (server: RedisServer) => Promise<T> | T, reason = 'redis'): Promise<T> {
    if (!this.up) throw unavailable(reason);
    try {
      return await this.#ask(command);
    } catch (error) {
      throw error instanceof LeafcutterError ? error : unavailable(reason, error);
    }
  }

  stop(): void {
    this.#watch.stop();
  }

  async #ask<T>(command: (server: RedisServer) => Promise<T> | T): Promise<T> {
    const server = this.#redis.serverOf(this.#process.name);
    const isSame = this.#server === server && this.#starts === server.starts;
    if (this.#server !== undefined && !isSame) this.#incarnation += 1;
    this.#server = server;
    this.#starts = server.starts;
    const answer = await this.#network.call(this.#process, server.process, () => command(server), {
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
    this.#watch.heard();
    return answer;
  }
}

function unavailable(reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not answer.', { reason, cause });
}
