import process from 'node:process';

/**
 * A handle for a nemesis: at SIGUSR2 the event loop of the process stops for `BLOCK_MS`, and with it timers and
 * sockets.
 */
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

process.on('SIGUSR2', () => {
  Atomics.wait(nobodyWakes, 0, 0, Number(process.env.BLOCK_MS));
});
