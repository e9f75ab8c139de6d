import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CurrentTls } from '@leafcutter/shared/current-tls';
import type { Guest } from '@leafcutter/shared/http/crowd';
import { type ServerTls, TLS_RULES } from '@leafcutter/shared/http/listen';
import { nodeTls } from '@leafcutter/shared/http/node-http';
import type { AgentConfig } from '../settings/settings.ts';
import type { Debtor } from './deadlines.ts';

/** The certificate that the doors show, as its files hold it now. */
export class DoorTls {
  readonly #current: CurrentTls;
  readonly #renewals: ((tls: ServerTls) => void)[] = [];

  /** @throws StartError that names the setting of what cannot be used */
  constructor({ certFile, keyFile, clientCaFile: caFile }: AgentConfig['tls']) {
    this.#current = new CurrentTls('tls', { certFile, keyFile, caFile });
  }

  get texts(): ServerTls {
    const { cert = '', key = '', ca } = this.#current.texts;
    return { cert, key, ca };
  }

  get endsAtMs(): number | undefined {
    return this.#current.endsAtMs;
  }

  /** Calls `renewal` with each certificate that takes the place of the one before. */
  onRenewed(renewal: (tls: ServerTls) => void): void {
    this.#renewals.push(renewal);
  }

  /** Shows what stands in the files now, to new connections. @throws StartError if it cannot be used */
  renew(): void {
    this.#current.renew();
    for (const renewal of this.#renewals) renewal(this.texts);
  }
}

/**
 * Makes TLS connections of those that a door takes. The door lets them in and bounds them, and this listens nowhere.
 */
export class TlsGate {
  readonly #server: import('node:tls').Server;
  /** What each handshake leads to, by the client's address and port. */
  readonly #pending = new Map<string, (socket: TLSSocket) => void>();

  /** `protocols`: what a client is offered (ALPN). */
  constructor(tls: DoorTls, protocols?: readonly string[]) {
    const optionsOf = (texts: ServerTls) => ({ ...TLS_RULES, ...texts, requestCert: texts.ca !== undefined });
    this.#server = nodeTls().createServer({
      ...optionsOf(tls.texts),
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    });
    tls.onRenewed((texts) => this.#server.setSecureContext(optionsOf(texts)));
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server.on('secureConnection', (socket) => {
      socket.on('error', () => socket.destroy());
      const then = this.#pending.get(clientOf(socket));
      if (then === undefined) socket.destroy();
      else then(socket);
    });
  }

  /** Calls `then` once the client of `raw` has ended its handshake; one that fails or takes too long ends it. */
  take(raw: Socket, then: (socket: TLSSocket) => void): void {
    const client = clientOf(raw);
    const secured = (socket: TLSSocket) => {
      this.#pending.delete(client);
      then(socket);
    };
    this.#pending.set(client, secured);
    raw.on('error', () => raw.destroy());
    raw.once('close', () => {
      // Another connection may have its port by now.
      if (this.#pending.get(client) === secured) this.#pending.delete(client);
    });
    this.#server.emit('connection', raw);
  }
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** A connection whose handshake isn't over. Until then it is a stranger, like one that says nothing. */
export class Handshake implements Guest, Debtor {
  readonly isKnown = false;
  readonly finished = 0;
  readonly #raw: Socket;

  constructor(raw: Socket) {
    this.#raw = raw;
  }

  owes(): 'preface' {
    return 'preface';
  }

  finish(): void {
    this.cut();
  }

  cut(): void {
    this.#raw.destroy();
  }
}
