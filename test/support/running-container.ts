import type { StartedTestContainer } from 'testcontainers';
import { docker } from './docker-cli.ts';
import { PATIENCE_MS } from './patience.ts';
import { poll } from './poll.ts';

export interface ContainerFacts {
  readonly started: StartedTestContainer;
  readonly port: number;
  /** True if the image is a stand-in for the official one. */
  readonly substituted: boolean;
  /** Resolves to true when the service does its work; throws or resolves to false while it does not. */
  readonly ready: () => Promise<boolean>;
}

/**
 * A service in a container.
 *
 * - running: entered by `restart` (same port and data), and from paused by `unpause`.
 * - paused: entered by `pause`.
 * - down: entered by `kill`.
 * - removed: entered by `stop`, from any state; the end.
 */
export class RunningContainer implements AsyncDisposable {
  readonly port: number;
  readonly substituted: boolean;
  readonly #started: StartedTestContainer;
  readonly #ready: () => Promise<boolean>;
  #state: 'running' | 'paused' | 'down' | 'removed' = 'running';

  private constructor({ started, port, substituted, ready }: ContainerFacts) {
    this.#started = started;
    this.port = port;
    this.substituted = substituted;
    this.#ready = ready;
  }

  /** Waits until the service answers; an open port says only that Docker's own proxy listens. */
  static async of(facts: ContainerFacts): Promise<RunningContainer> {
    const container = new RunningContainer(facts);
    try {
      await container.#untilReady();
    } catch (error) {
      await container.stop();
      throw error;
    }
    return container;
  }

  get id(): string {
    return this.#started.getId();
  }

  /** Freezes every process inside; connections stay open. */
  async pause(): Promise<void> {
    await docker(['pause', this.id]);
    this.#state = 'paused';
  }

  async unpause(): Promise<void> {
    await docker(['unpause', this.id]);
    this.#state = 'running';
  }

  /** SIGKILL to the service. Its data stays for `restart`. */
  async kill(): Promise<void> {
    await this.#thaw();
    if (this.#state === 'running') await docker(['kill', this.id]);
    this.#state = 'down';
  }

  /** Stops the service if it runs and starts it on the same port with its data. */
  async restart(): Promise<void> {
    await this.#thaw();
    // The service gets time to save; by itself testcontainers would kill it at once.
    await this.#started.restart({ timeout: 10 });
    this.#state = 'running';
    await this.#untilReady();
  }

  /** Ends the service and removes the container with its data. Calling it twice is harmless. */
  async stop(): Promise<void> {
    if (this.#state === 'removed') return;
    this.#state = 'removed';
    await docker(['rm', '--force', '--volumes', this.id]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Docker neither stops nor kills what is paused. */
  async #thaw(): Promise<void> {
    if (this.#state === 'paused') await this.unpause();
  }

  async #untilReady(): Promise<void> {
    if ((await poll(this.#ready)) !== undefined) return;
    const tail = await docker(['logs', '--tail', '20', this.id]).catch(String);
    throw new Error(`The container on port ${this.port} did not answer within ${PATIENCE_MS} ms:\n${tail}`);
  }
}
