import { type ChildProcess, spawn } from 'node:child_process';
import { type FromWorker, type ToSupervisor, type ToWorker, WORKER_VARIABLE } from './messages.ts';

/** How a worker is started. */
export interface WorkerStart {
  readonly commandLine: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A worker that does not stop in time is killed this much later, in milliseconds. */
const STOP_GRACE_MS = 10_000;

/** One worker's process, from its start to its end. */
export class WorkerProcess {
  readonly number: number;
  /** Resolves, once, to a sentence about how the process ended. */
  readonly ended: Promise<string>;
  /** Resolves when it listens; never, if it ends before. */
  readonly listening: Promise<void>;
  readonly #child: ChildProcess;
  #isListening = false;
  #unanswered = 0;
  #isRunning = true;

  constructor(number: number, { commandLine, cwd, env }: WorkerStart, hear: (message: FromWorker) => void) {
    this.number = number;
    const [command, ...args] = commandLine;
    // A group of its own, so that Ctrl-C reaches only the supervisor; the channel tells the worker when that is gone.
    // Advanced serialization keeps NaN, which JSON would turn into null.
    this.#child = spawn(command, args, {
      cwd,
      env: { ...env, [WORKER_VARIABLE]: String(number) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    this.listening = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        if (typeof message === 'object') {
          const said = message as ToSupervisor;
          if ('beat' in said) this.forgive();
          else hear(said);
        } else {
          this.#isListening = true;
          resolve();
        }
      });
    });
    this.ended = new Promise((resolve) => {
      const end = (sentence: string) => {
        this.#isRunning = false;
        resolve(`worker ${number} ${sentence}`);
      };
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`));
      this.#child.once('close', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    });
  }

  get isListening(): boolean {
    return this.#isRunning && this.#isListening;
  }

  /** Beats in a row that it has not sent back. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Sends it a beat. One that is starting may be busy with that, and takes no connections. */
  beat(): void {
    if (!this.isListening) return;
    this.#unanswered += 1;
    this.send({ beat: true });
  }

  /** As if it had answered. */
  forgive(): void {
    this.#unanswered = 0;
  }

  /** Ends it at once, also if it stands still. */
  kill(): void {
    if (this.#isRunning) this.#child.kill('SIGKILL');
  }

  /** Lets it read its configuration again. */
  hangUp(): void {
    // One that is just starting has no handler for the signal yet and ends; then it is started with the present
    // configuration.
    if (this.#isRunning) this.#child.kill('SIGHUP');
  }

  send(message: ToWorker): void {
    // It may be gone at this very moment; callers that wait for its answer have a deadline.
    if (this.#isRunning && this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Asks it to stop, and kills it if it takes longer than `withinMs` and a bit more. */
  async stop(withinMs: number): Promise<void> {
    if (!this.#isRunning) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), withinMs + STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
