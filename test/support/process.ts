import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lookUpBinary } from './find-binary.ts';
import { LineRing } from './line-ring.ts';
import { PATIENCE_MS } from './patience.ts';
import { poll } from './poll.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to a small environment (PATH, HOME, LANG, TZ); nothing else is inherited, so that a developer's settings do not leak in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Where standard output goes, a file descriptor; default `lines`. */
  readonly stdout?: number | undefined;
  /** The name of the process in error messages. */
  readonly name: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const SOURCES = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
/** The same, bundled into a few files by Jest's set-up; without the bundle, the sources. */
export const PROGRAM = process.env.LEAFCUTTER_TEST_BUNDLE ?? SOURCES;

/**
 * A real process under test. It dies with the process that started it, even if that one is killed.
 *
 * - running: the first state; also entered from paused by `resume`.
 * - paused: entered by `pause`.
 * - exited: entered by `stop`, `kill` or when the process ends by itself; the end.
 */
export class RunningProcess implements AsyncDisposable {
  readonly name: string;
  /** Settles, and never rejects, when the process is gone and everything it wrote was read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #output = new LineRing();
  #exit: Exit | undefined;

  constructor(child: ChildProcess, name: string) {
    this.name = name;
    this.#child = child;
    if (child.stdout) this.#output.read(child.stdout);
    if (child.stderr) this.#output.read(child.stderr);
    this.exited = new Promise((resolve) => {
      const settle = (exit: Exit) => {
        this.#exit ??= exit;
        resolve(this.#exit);
      };
      child.once('close', (code, signal) => settle({ code, signal }));
      child.once('error', (error) => {
        this.#output.add(String(error));
        // Without a pid it never ran, so no 'close' needs to be waited for.
        if (child.pid === undefined) settle({ code: null, signal: null });
      });
    });
  }

  /** Process id; -1 if the command could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return this.#exit === undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last lines of both outputs, at least 2,000 if so many were written. */
  get lines(): readonly string[] {
    return this.#output.lines;
  }

  /** How many lines were ever written; pass it as `since` to wait for what comes after this moment. */
  get lineCount(): number {
    return this.#output.count;
  }

  /** The last lines as one text. */
  tail(lines?: number): string {
    return this.#output.tail(lines);
  }

  /**
   * The first line that matches, already written or yet to come.
   *
   * @param since look only at lines from this number on, default 0: all that are remembered
   * @throws Error with the last lines if time runs out or the process ends without having written it.
   */
  async waitForLine(pattern: RegExp, since = 0): Promise<string> {
    const known = this.#output.find(pattern, since);
    if (known !== undefined) return known;
    return new Promise((resolve, reject) => {
      const fail = (what: string) => {
        forget();
        reject(new Error(`${this.name} ${what} ${pattern}; it last said:\n${this.tail()}`));
      };
      const timer = setTimeout(() => fail(`did not write within ${PATIENCE_MS} ms`), PATIENCE_MS);
      const unwatch = this.#output.watch(pattern, (line) => {
        forget();
        resolve(line);
      });
      const forget = () => {
        clearTimeout(timer);
        unwatch();
      };
      void this.exited.then(() => fail('ended before it wrote'));
    });
  }

  /** SIGSTOP: the process stands still, its connections stay open. Returns when it does. */
  async pause(): Promise<void> {
    this.#signal('SIGSTOP');
    await poll(() => !this.running || this.#state() === 'T', PATIENCE_MS, 1);
  }

  /** SIGCONT. */
  async resume(): Promise<void> {
    this.#signal('SIGCONT');
  }

  /** For processes that handle a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#signal(signal);
  }

  /** SIGKILL: the process cannot say goodbye. Returns when it is gone. */
  async kill(): Promise<Exit> {
    this.#signal('SIGKILL');
    return this.exited;
  }

  /** SIGTERM, and SIGKILL if it has not ended after `timeoutMs`. A paused process is resumed so that it can react. */
  async stop(timeoutMs = PATIENCE_MS): Promise<Exit> {
    this.#signal('SIGTERM');
    this.#signal('SIGCONT');
    const timer = setTimeout(() => this.#signal('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /**
   * The child object refuses to signal a process that has ended. So it never hits another process that now has its
   * pid.
   */
  #signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  #state(): string | undefined {
    // The name is in brackets and may contain anything, so the state is what follows the last bracket.
    return readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ').at(-1)?.charAt(0);
  }
}

/** Starts a process with both outputs collected. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const [command, ...args] = boundToOurLife([options.command, ...(options.args ?? [])]);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...inherited(), ...options.env },
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
  });
  return new RunningProcess(child, options.name);
}

/** A cache of compiled code: without it, each of the hundreds of services that a run starts would compile it anew. */
export const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url));

/**
 * Starts the `leafcutter` program with only `env` and the cache set. A preload that changes its classes must find
 * them in files of their own, so then the program runs from its sources.
 *
 * @param main of another version; default the present one
 * @param stdout a file descriptor; default `lines`
 */
export function leafcutter(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  main = env.NODE_OPTIONS === undefined ? PROGRAM : SOURCES,
  stdout?: number,
): RunningProcess {
  const name = ['leafcutter', ...args].join(' ');
  return startProcess({
    command: process.execPath,
    args: [main, ...args],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    name,
    stdout,
  });
}

/**
 * Has the kernel kill the child when we die, however we die. An `exit` listener would not do: Jest gives test files a
 * copy of `process` on which it is never called, and nothing calls it after SIGKILL. `setpriv` (util-linux) becomes
 * the command, so the pid is the command's own.
 */
function boundToOurLife(line: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const setpriv = lookUpBinary('setpriv');
  return setpriv === undefined ? line : [setpriv, '--pdeathsig', 'KILL', '--', ...line];
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
