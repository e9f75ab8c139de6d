import { PATIENCE_MS, UNHURRIED } from './patience.ts';
import { poll } from './poll.ts';
import { freePort } from './ports.ts';
import { leafcutter, type RunningProcess } from './process.ts';

/** Which deadlines a service keeps if its flags set none. */
export type Pace = 'unhurried' | 'product';

export interface ServiceOptions {
  readonly kind: 'coordinator' | 'agent';
  readonly name: string;
  /** Flags besides `--listen` and the name. */
  readonly flags?: readonly string[];
  /** Variables of the process, for example of `fakeTime()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** The `main.ts` of the version to run; default the present one. */
  readonly main?: string | undefined;
  /** Default `unhurried`; `product` if a test or a benchmark is about the product's own deadlines. */
  readonly pace?: Pace | undefined;
  /** Where its log goes, a file descriptor; default `lines` of the process. */
  readonly stdout?: number;
  /** Where it listens; default a free port. */
  readonly port?: number;
}

/** A coordinator or an agent as a real process that can be killed and started again on the same port. */
export class Service {
  readonly name: string;
  readonly url: string;
  readonly #options: ServiceOptions;
  readonly #port: number;
  #process: RunningProcess;
  #main: string | undefined;

  private constructor(options: ServiceOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#main = options.main;
    this.name = options.name;
    this.url = `http://127.0.0.1:${port}`;
    this.#process = this.#spawn();
  }

  /** Starts it and waits until it is ready; for agents, being live may be enough. */
  static async start(options: ServiceOptions, until: 'ready' | 'live' = 'ready'): Promise<Service> {
    const service = new Service(options, options.port ?? (await freePort()));
    try {
      await service.waitUntil(until);
    } catch (error) {
      // Nobody else could end it, and a test run waits for its children.
      await service.stop();
      throw error;
    }
    return service;
  }

  get process(): RunningProcess {
    return this.#process;
  }

  /** Starts it again, by default with the same settings. */
  async restart(until: 'ready' | 'live' = 'ready'): Promise<void> {
    await this.#process.stop();
    this.#process = this.#spawn();
    await this.waitUntil(until);
  }

  /** Starts it again from the sources of another version; undefined for the present one. */
  async replace(main: string | undefined, until: 'ready' | 'live' = 'ready'): Promise<void> {
    this.#main = main;
    await this.restart(until);
  }

  async waitUntil(state: 'ready' | 'live'): Promise<void> {
    const path = state === 'ready' ? '/readyz' : '/livez';
    const up = await poll(async () => !this.#process.running || (await this.#answers(path)), PATIENCE_MS, 25);
    if (up !== true || !this.#process.running) {
      throw new Error(`${this.name} did not become ${state}; it last said:\n${this.#process.tail(20)}`);
    }
  }

  /** The JSON document at `path`. */
  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url + path, init);
    return (await response.json()) as T;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #spawn(): RunningProcess {
    const { kind, name, flags = [], env, pace = 'unhurried', stdout } = this.#options;
    const identity = kind === 'agent' ? '--agent-id' : '--coordinator-id';
    return leafcutter(
      [kind, '--listen', `127.0.0.1:${this.#port}`, identity, name, ...flags],
      { ...(pace === 'unhurried' && UNHURRIED), ...env },
      this.#main,
      stdout,
    );
  }

  async #answers(path: string): Promise<boolean> {
    try {
      const response = await fetch(this.url + path, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }
}
