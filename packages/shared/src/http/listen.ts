import { createServer, type RequestListener, type Server } from 'node:http';
import { bind, type Place } from './bind.ts';

/** A server that listens, and how to end it. */
export interface Listening {
  readonly address: Place;
  /** Stops listening, lets open requests finish for up to `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>;
}

/** How often connections that became idle are closed while a server drains, in milliseconds. */
const SWEEP_MS = 20;

/** An HTTP server. @throws StartError where it cannot listen */
export async function listen(at: Place, listener: RequestListener, setting: string): Promise<Listening> {
  const server = createServer(
    { maxHeaderSize: 8_192, keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 },
    listener,
  );
  const address = await bind(server, at, setting);
  return { address, close: (drainMs) => close(server, drainMs) };
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
