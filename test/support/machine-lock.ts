import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Takes a lock that every process of this machine sees; undefined if someone holds it.
 *
 * The lock is a listening socket in Linux's abstract namespace. The kernel gives a name to one process at a time and
 * takes it back when that process dies. So unlike a lock file it is never left behind.
 *
 * @returns a function that gives the lock back; a lock that is never given back ends with the process.
 */
export async function tryLock(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer();
  try {
    await listen(server, `\0leafcutter-test/${name}`);
  } catch (error) {
    // Not `instanceof Error`: inside Jest, errors of Node's own modules are made from another global Error.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  // The lock must not keep the process alive: it is the process that keeps the lock.
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Runs `work` while no other process of this machine runs work under the same name; waits its turn. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  let unlock = await tryLock(name);
  while (unlock === undefined) {
    await sleep(50);
    unlock = await tryLock(name);
  }
  try {
    return await work();
  } finally {
    await unlock();
  }
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen({ path });
  await once(server, 'listening');
}
