import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '@leafcutter/shared/http/bind';

/** How long a service may take to stop before it is killed: its drain and a bit more. */
const STOP_MS = 15_000;
const POLL_MS = 50;

/** A service of ours as a child process. */
export class ChildService {
  readonly name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  /** Resolves when the process has ended, to a sentence that says how. */
  readonly ended: Promise<string>;
  #running = true;
  #listening = false;

  /** Starts the service. Its log goes to `logFile`, its standard error to `err`. */
  constructor(
    name: string,
    commandLine: readonly [string, ...string[]],
    options: {
      logFile: string;
      cwd: string;
      env: Readonly<Record<string, string | undefined>>;
      err: (text: string) => void;
    },
  ) {
    const [command, ...args] = commandLine;
    this.name = name;
    this.#logFile = options.logFile;
    // The data folder is made here first; its contents concern nobody else.
    mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 });
    const log = openSync(options.logFile, 'a');
    // A group of its own, so that Ctrl-C reaches only the parent, which stops its services in order. The channel
    // tells the child when the parent is gone, however it died.
    const { cwd, env } = options;
    this.#child = spawn(command, args, { cwd, env, stdio: ['ignore', log, 'pipe', 'ipc'], detached: true });
    closeSync(log);
    this.#child.stderr?.on('data', (chunk: Buffer) => options.err(String(chunk)));
    this.#child.once('message', () => {
      this.#listening = true;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) =>
        this.#end(resolve, `${name} could not be started: ${error.message}`),
      );
      this.#child.once('close', (code, signal) =>
        this.#end(resolve, `${name} ended with ${signal ?? `code ${code}`}`),
      );
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /**
   * Waits until it listens and `url` answers 200. Before it listens, another process may answer there.
   * @throws StartError if the process ends or the time is over
   */
  async ready(url: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#running) {
      if (this.#listening && (await answers(url))) return;
      if (Date.now() > deadline)
        throw new StartError(
          `${this.name} did not become ready in ${timeoutMs / 1000} s; its log is ${this.#logFile}.`,
        );
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new StartError(`${await this.ended}.`);
  }

  /** Asks it to stop, and kills it if it does not. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #end(resolve: (sentence: string) => void, sentence: string): void {
    this.#running = false;
    resolve(sentence);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
