#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runCommand } from './commands.ts';

/** The process' edge: the one place that knows `process`. */
const stopRequested = new Promise<string>((resolve) => {
  let asked = false;
  const ask = (why: string) => {
    // Asked a second time, it stops without tidying up. One that has a parent may hear the same wish twice, from the
    // parent and from who stops the whole group; its second time is the parent's end.
    if (asked && !process.connected) process.exit(130);
    asked = true;
    resolve(why);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ask(signal));
  // A service that `leafcutter dev` or a supervisor started must not outlive it.
  process.once('disconnect', () => ask('disconnect'));
});

const code = await runCommand({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  watched: process.stderr.isTTY === true,
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
  self: [process.execPath, fileURLToPath(import.meta.url)],
});
process.exit(code);
