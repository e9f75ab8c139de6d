import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { bind, type Place } from './bind.ts';
import { Crowd, type Crowding, type CrowdLimits, type Guest } from './crowd.ts';
import type { LentSocket } from './lent-socket.ts';
import { createServer, nodeHttps } from './node-http.ts';
import { OpenAnswers } from './open-answers.ts';

/** A server that listens, and how to end it. */
export interface Listening {
  readonly address: Place;
  /**
   * From now on each answer ends its connection; new connections are still taken. Missing if the protocol cannot say
   * that.
   */
  drain?(): void;
  /** Stops listening, lets open requests finish for up to `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>;
}

/** An HTTP server that listens. */
export interface HttpListening extends Listening {
  drain(): void;
  /** Uses another certificate for new connections. @throws Error if certificate and key do not fit */
  renew(tls: ServerTls): void;
}

/** The certificate that a server shows. With `ca`, only clients with a certificate of that authority are let in. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
}

/** How long a connection may be idle between requests, as clients are told, in milliseconds. */
export const KEEP_ALIVE_MS = 65_000;
/** What it may be idle longer, so that a request sent in the last moment is still answered. It is that of `node:http`. */
export const KEEP_ALIVE_BUFFER_MS = 1_000;
/** How long a request's head may take, in milliseconds. */
const HEAD_TIMEOUT_MS = 10_000;

/** How long answers may stay untaken, in milliseconds. */
const UNREAD_MS = 30_000;

/** Something that gets each connection before the HTTP server does. */
export interface Ahead {
  /** Answers on `socket` as it likes. `accept` makes what it lends a connection of the server. */
  open(socket: Socket, accept: (lent: LentSocket) => void): void;
  /** From now on its answers end their connections. */
  drain(): void;
  /** Ends its idle connections. One whose client has not sent anything yet isn't idle, as with `node:http`. */
  closeIdle(): void;
  closeAll(): void;
}

export interface ListenOptions {
  readonly ahead?: Ahead;
  /** Other workers of this service listen on the same port. */
  readonly reusePort?: boolean;
  /**
   * Who may be here at once; by default 1,000 connections. For one more, a connection that was never answered is
   * closed, or the new one is.
   */
  readonly limits?: CrowdLimits;
  /** How long answers may stay untaken, in milliseconds; then the connection is ended. Default: `UNREAD_MS`. */
  readonly unreadMs?: number;
  /** Told of each connection that was refused, or ended to make room. */
  readonly crowded?: (what: Crowding) => void;
  /** Default: plain HTTP. */
  readonly tls?: ServerTls | undefined;
}

/** The ciphers of TLS 1.3, and those of TLS 1.2 that RFC 9325 recommends: keys for one connection only, AEAD. */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

/** Older versions of TLS are broken (RFC 8996). A handshake that hangs counts as a slow client. */
export const TLS_RULES = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS,
  handshakeTimeout: HEAD_TIMEOUT_MS,
} as const;

/** How often to look for requests that take too long, in milliseconds; a slow one lasts this much longer. */
const CHECK_MS = 5_000;

/** How often idle connections are closed while a server drains, in milliseconds. */
const SWEEP_MS = 20;

/** An HTTP server. @throws StartError if it cannot listen */
export async function listen(
  at: Place,
  listener: RequestListener,
  setting: string,
  more: ListenOptions = {},
): Promise<HttpListening> {
  const { ahead, reusePort = false, tls, unreadMs = UNREAD_MS } = more;
  const options = {
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: 8_192,
    requestTimeout: 30_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveTimeoutBuffer: KEEP_ALIVE_BUFFER_MS,
    headersTimeout: HEAD_TIMEOUT_MS,
  };
  const answers = new OpenAnswers();
  const watched = answers.of(listener);
  const secured =
    tls &&
    nodeHttps().createServer(
      { ...options, ...TLS_RULES, ...tls, requestCert: tls.ca !== undefined },
      watched,
    );
  const server = secured ?? createServer(options, watched);
  server.setTimeout(unreadMs);
  guard(server, more);
  const address = await bind(server, at, setting, reusePort);
  const drain = () => {
    ahead?.drain();
    answers.drain();
  };
  return {
    address,
    drain,
    close(drainMs) {
      drain();
      return close(server, ahead, drainMs);
    },
    renew: (changed) => secured?.setSecureContext({ ...TLS_RULES, ...changed }),
  };
}

/**
 * Lets connections in while there is room for them, and gives them to the one ahead, if any. The server's own
 * listener gets what that lends.
 */
function guard(
  server: Server,
  { ahead, crowded = () => undefined, limits = { most: 1_000 } }: ListenOptions,
): void {
  const crowd = new Crowd<Guest>(limits, crowded);
  const [accept, ...others] = server.listeners('connection') as ((
    this: Server,
    socket: Socket | LentSocket,
  ) => void)[];
  if (accept === undefined || others.length > 0)
    throw new Error('node:http takes connections in another way');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (crowd.refusal(socket) !== undefined) {
      socket.destroy();
      return;
    }
    crowd.enter(guestOf(socket), socket);
    if (ahead === undefined) accept.call(server, socket);
    else ahead.open(socket, (lent) => accept.call(server, lent));
  });
}

/** A client is known once it was answered. `node:http` has the deadlines of requests. */
function guestOf(socket: Socket): Guest {
  return {
    get isKnown() {
      return socket.bytesWritten > 0;
    },
    cut: () => socket.destroy(),
  };
}

async function close(server: Server, ahead: Ahead | undefined, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // If a connection's last request ends after `close`, it would be kept alive until the drain is over.
  const closeIdle = () => {
    ahead?.closeIdle();
    server.closeIdleConnections();
  };
  closeIdle();
  const sweep = setInterval(closeIdle, SWEEP_MS);
  const timer = setTimeout(() => {
    ahead?.closeAll();
    server.closeAllConnections();
  }, drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
