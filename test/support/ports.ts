import { createServer } from 'node:net';
import { tryLock } from './machine-lock.ts';

/** Below Linux's ephemeral range (32768 and up), so no outgoing connection takes a port between check and use. */
const LOWEST = 20_000;
const HIGHEST = 31_999;

/**
 * A port of 127.0.0.1 on which nothing listens. The port stays with the calling process until that ends: neither it
 * nor another test process on this machine is given the same one again. So a server may be killed and come back on
 * its port.
 *
 * @throws Error if all 12,000 ports are taken.
 */
export async function freePort(): Promise<number> {
  const span = HIGHEST - LOWEST + 1;
  const first = Math.floor(Math.random() * span);
  for (let step = 0; step < span; step++) {
    const port = LOWEST + ((first + step) % span);
    const unlock = await tryLock(`port/${port}`);
    if (unlock === undefined) continue;
    if (await isFree(port)) return port;
    await unlock();
  }
  throw new Error(`No port from ${LOWEST} to ${HIGHEST} is free; stop whatever holds them.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
