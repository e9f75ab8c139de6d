import process from 'node:process';

/** A handle for a nemesis: at SIGUSR2 the event loop of the process stands still for `BLOCK_MS`, timers and sockets too. */
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

process.on('SIGUSR2', () => {
  Atomics.wait(nobodyWakes, 0, 0, Number(process.env.BLOCK_MS));
});
