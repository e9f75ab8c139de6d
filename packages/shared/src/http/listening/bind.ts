import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type ListenOptions, type Server } from 'node:net';
import { dirname } from 'node:path';
import { Address } from '../../config/kinds/address.ts';
import { UnixSocket } from './unix-socket.ts';

/** Where a server may listen. */
export type Place = Address | UnixSocket;

/** How many connections the system may hold until the server accepts them. */
const BACKLOG = 4_096;

/** The service cannot start; the message says what to do. The process ends with 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Lets `server` listen and returns its place, in which port 0 has become a real one. A socket file that a killed
 * process left is replaced; its permission bits are set before anything else runs. `reusePort`: other processes of
 * ours listen there too, and the system gives each connection to one of them.
 * @throws StartError if the place is taken, is not this machine's, or is not allowed
 */
export async function bind(server: Server, at: Place, setting: string, reusePort = false): Promise<Place> {
  try {
    if (at instanceof UnixSocket) await bindUnix(server, at);
    else await listening(server, { host: at.host, port: at.port, reusePort });
  } catch (error) {
    // It listens already if only the permissions could not be set.
    if (server.listening) server.close();
    throw new StartError(sentence(error as NodeJS.ErrnoException, at, setting));
  }
  // If a connection cannot be accepted (no file descriptors left), its client loses it, but the service goes on.
  server.on('error', () => undefined);
  return at instanceof UnixSocket ? at : new Address(at.host, (server.address() as AddressInfo).port);
}

async function bindUnix(server: Server, { path, mode }: UnixSocket): Promise<void> {
  if (isSocket(path) && !(await answers(path))) rmSync(path);
  const bound = listening(server, { path });
  // The file exists when `listen` returns. Until now the process' own mask applied, which is usually stricter than
  // this.
  if (isSocket(path) && server.listening) chmodSync(path, mode);
  await bound;
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** True if somebody listens on the socket: then it is not left over from a dead process. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code !== 'ECONNREFUSED'));
  });
}

function sentence(error: NodeJS.ErrnoException, at: Place, setting: string): string {
  if (at instanceof UnixSocket) return unixSentence(error, at, setting);
  if (error.code === 'EADDRINUSE') {
    return `Port ${at.port} on ${at.host} is in use by another process; stop it, or set ${setting} to another port.`;
  }
  if (error.code === 'EACCES')
    return `Port ${at.port} needs more privileges than this process has; set ${setting} above 1023.`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${at.host} is not an address of this machine; correct ${setting}.`;
  }
  return `Cannot listen on ${at}: ${error.message}.`;
}

function unixSentence(error: NodeJS.ErrnoException, { path }: UnixSocket, setting: string): string {
  if (error.code === 'EADDRINUSE') {
    return `${path} is in use by another process or is not a socket; remove it, or set ${setting} to another path.`;
  }
  // Binding answers EACCES if the folder does not exist.
  if (!existsSync(dirname(path))) return `There is no folder for ${path}; create it, or correct ${setting}.`;
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    return `This process may not create ${path}; set ${setting} to a path in a folder that it may write to.`;
  }
  return `Cannot listen on ${path}: ${error.message}.`;
}
