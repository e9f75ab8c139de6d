import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Address } from '../config/address.ts';

/** A server that listens, and how to end it. */
export interface Listening {
  readonly address: Address;
  readonly server: Server;
  /** Stops listening, lets open requests finish for up to `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>;
}

/** How often connections that became idle are closed while a server drains, in milliseconds. */
const SWEEP_MS = 20;

/** The service cannot start; the message says what to do. The process ends with 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** @throws StartError where the port is taken or the address is not this machine's */
export async function listen(at: Address, listener: RequestListener, setting: string): Promise<Listening> {
  const server = createServer(
    { maxHeaderSize: 8_192, keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(sentence(error, at, setting))),
    );
    server.listen({ host: at.host, port: at.port, backlog: 4_096 }, resolve);
  });
  // A connection that could not be accepted (no file descriptors left) is its client's loss, not the service's end.
  server.on('error', () => undefined);
  const { port } = server.address() as AddressInfo;
  return { server, address: new Address(at.host, port), close: (drainMs) => close(server, drainMs) };
}

function sentence(error: NodeJS.ErrnoException, at: Address, setting: string): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${at.port} on ${at.host} is in use by another process; stop it, or set ${setting} to another port.`;
  }
  if (error.code === 'EACCES')
    return `Port ${at.port} needs more rights than this process has; set ${setting} above 1023.`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${at.host} is not an address of this machine; correct ${setting}.`;
  }
  return `Cannot listen on ${at}: ${error.message}.`;
}

async function close(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose last request ended after `close` would be kept alive until the drain is over.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
