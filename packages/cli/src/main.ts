#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runCommand } from './commands.ts';

/** The process' edge: the one place that knows `process`. */
const stopRequested = new Promise<string>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      resolve(signal);
      // Asked a second time, it stops without tidying up.
      process.once(signal, () => process.exit(130));
    });
  }
  // A service started by `leafcutter dev` must not outlive it.
  process.once('disconnect', () => resolve('disconnect'));
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
    if (process.connected) process.send?.('listening');
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
