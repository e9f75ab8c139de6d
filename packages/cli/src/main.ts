#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { isSea } from 'node:sea';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runCommand } from './commands.ts';
import { EXIT } from './io.ts';

/** The process' edge: the one place that knows `process`. */
const stopRequested = new Promise<string>((resolve) => {
  let asked = false;
  const ask = (why: string) => {
    // Asked a second time, it stops without tidying up. A process with a parent may get the same signal twice, from
    // the parent and from whatever stops the whole group. For it, only the parent's end counts as the second time.
    if (asked && !process.connected) process.exit(130);
    asked = true;
    resolve(why);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ask(signal));
  // A service that `leafcutter dev` or a supervisor started must not outlive it.
  process.once('disconnect', () => ask('disconnect'));
});

/** Once asked to stop, how long the end waits for a reader of what was printed, in milliseconds. */
const LAST_WORDS_MS = 1_000;

// A full disk or a closed terminal must not end what runs.
process.stderr.on('error', () => undefined);
let lost: string | undefined;
let stdout: NodeJS.WriteStream | undefined;
const print = (text: string) => {
  // Only now: a service logs to standard output in its own way, and never prints.
  stdout ??= process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // A reader that has read enough.
    if (code !== 'EPIPE') lost = message;
  });
  stdout.write(text);
};

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // A terminal that is closed, or Ctrl-D, is no answer.
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  const answer = await Promise.race([lines.question(question), closed]);
  lines.close();
  return answer;
}

/** Not at the top level, because the executables hold modules that cannot wait there. */
async function main(): Promise<void> {
  const code = await runCommand({
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    out: print,
    err: (text) => void process.stderr.write(text),
    input: () => process.stdin,
    watched: process.stderr.isTTY === true,
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : undefined,
    stopRequested,
    onHangup: (listener) => void process.on('SIGHUP', listener),
    tellListening: () => {
      if (process.connected) process.send?.('listening', undefined, {}, () => undefined);
    },
    parent:
      process.send === undefined
        ? undefined
        : {
            // A parent that is gone ends this process by `disconnect`.
            send: (message) =>
              void (process.connected && process.send?.(message, undefined, {}, () => undefined)),
            onMessage: (listener) => void process.on('message', listener),
          },
    node: process.versions.node,
    // An executable is started by its own name alone, and a release by a file that does more than this one.
    self: isSea()
      ? [process.execPath]
      : [process.execPath, process.argv[1] ?? fileURLToPath(import.meta.url)],
  });
  // If something could not be printed, that is reported a turn later.
  await nextTurn();
  // Text printed into a pipe is written as fast as it is read.
  if (stdout !== undefined && stdout.writableLength > 0) {
    const written = new Promise<void>((resolve) => stdout?.write('', () => resolve()));
    await Promise.race([written, stopRequested.then(() => sleep(LAST_WORDS_MS))]);
  }
  if (lost !== undefined) process.stderr.write(`Some output could not be printed: ${lost}\n`);
  process.exit(code === EXIT.ok && lost !== undefined ? EXIT.failed : code);
}

void main();
