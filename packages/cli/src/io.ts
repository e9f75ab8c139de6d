/** The process that started this one, if the two can talk. */
export interface Parent {
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What a command may use of the process around it; only `main.ts` knows the real one. */
export interface Io {
  /** Without node and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** What is piped in. */
  readonly input: () => AsyncIterable<Uint8Array>;
  /** True if somebody watches `err` on a terminal. */
  readonly watched: boolean;
  /** Puts a question to whoever sits at the terminal, and resolves to the answer; undefined if nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Resolves to what asked the process to stop: a signal, or the parent that went away. */
  readonly stopRequested: Promise<string>;
  /** Calls `listener` at each SIGHUP, which then no longer ends the process. */
  readonly onHangup: (listener: () => void) => void;
  /** Tells the `leafcutter` that started this one, if one did, that the service listens. */
  readonly tellListening: () => void;
  readonly parent: Parent | undefined;
  /** Of the Node that runs this, as in `24.21.0`. */
  readonly node: string;
  /** The command line that starts this program again, without arguments. */
  readonly self: readonly [command: string, ...args: string[]];
}

/**
 * Exit codes, after sysexits.h if it has one. `unverified`: `verify` could not find out. `differs`: a dry run found
 * something to do.
 */
export const EXIT = { ok: 0, failed: 1, unverified: 2, differs: 2, usage: 64, config: 78 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line makes no sense; the message says what would. The process ends with 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
