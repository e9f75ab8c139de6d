import { rm } from 'node:fs/promises';
import { PATIENCE_MS } from './patience.ts';
import { poll } from './poll.ts';
import { type RunningProcess, startProcess } from './process.ts';

/** A MariaDB that crashes says at length on what machine, after it has said why. */
const LAST_LINES = 80;

export interface ServerRecipe {
  /** The server's name in error messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** Holds the server's data; removed by `dispose`. */
  readonly directory: string;
  /** Resolves to true when the server does its work. */
  readonly ready: () => Promise<boolean>;
}

/**
 * A database server as a process of this machine, on 127.0.0.1.
 * - running: entered by `restart` (same port and data), and from paused by `resume`.
 * - paused: entered by `pause`.
 * - down: entered by `stop` or `kill`.
 * - disposed: entered by `dispose`, from any state; the end.
 */
export class NativeServer implements AsyncDisposable {
  readonly #recipe: ServerRecipe;
  #process: RunningProcess;
  /** The process that a test ended, so that its end is no surprise. */
  #asked: RunningProcess | undefined;
  #disposed = false;

  private constructor(recipe: ServerRecipe) {
    this.#recipe = recipe;
    this.#process = startProcess(this.#recipe);
  }

  /** @throws Error with the server's last lines if it does not come up. */
  static async start(recipe: ServerRecipe): Promise<NativeServer> {
    const server = new NativeServer(recipe);
    try {
      await server.#untilReady();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#recipe.port;
  }

  /** Changes with every restart. */
  get pid(): number {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  /** The server's last lines. */
  get lines(): readonly string[] {
    return this.#process.lines;
  }

  /** SIGTERM: the server saves what it is configured to save. Its data stays for `restart`. */
  async stop(): Promise<void> {
    this.#asked = this.#process;
    await this.#process.stop();
  }

  /** SIGKILL, as a power cut would. Its data stays for `restart`. */
  async kill(): Promise<void> {
    this.#asked = this.#process;
    await this.#process.kill();
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void> {
    return this.#process.pause();
  }

  /** SIGCONT: what was sent during the pause is carried out now. */
  resume(): Promise<void> {
    return this.#process.resume();
  }

  /** Stops the server if it runs and starts it on the same port with the data that it kept. */
  async restart(): Promise<void> {
    if (this.#disposed)
      throw new Error(`${this.#recipe.name} is disposed and its data gone; start another one.`);
    await this.stop();
    this.#process = startProcess(this.#recipe);
    await this.#untilReady();
  }

  /** Kills the server and removes its data. Calling it twice is harmless. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.kill();
    await rm(this.#recipe.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #untilReady(): Promise<void> {
    const { name, port, ready } = this.#recipe;
    const state = await poll(async () => {
      if (!this.#process.running) return 'ended';
      return (await ready()) ? 'ready' : undefined;
    });
    if (state === 'ready') return this.#watch(this.#process);
    const what = state === 'ended' ? 'ended' : `did not answer within ${PATIENCE_MS} ms`;
    throw new Error(`${name} ${what} on port ${port}; it last said:\n${this.#process.tail()}`);
  }

  /** If a server ends by itself, the tests that miss it cannot say why. Its last lines can. */
  #watch(started: RunningProcess): void {
    void started.exited.then(({ code, signal }) => {
      if (this.#asked === started) return;
      const { name, port } = this.#recipe;
      const how = `${name} on port ${port} ended by itself (${signal ?? code})`;
      process.stderr.write(`${how}; it last said:\n${started.tail(LAST_LINES)}\n`);
    });
  }
}
