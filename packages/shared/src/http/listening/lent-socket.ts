import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Who lends a connection to the HTTP server. */
export interface Lender {
  /** The server may take more bytes, or an answer of its is over. */
  goesOn(): void;
  /** The server has ended the connection. */
  ended(): void;
}

/** How many requests the server has at once of a connection whose requests cannot be told apart. */
const MOST_OPEN = 16;

/** Bytes that wait here for the server. A lender that gives no more at once has them parsed no faster than answered. */
const AT_ONCE = 1_024;

type Done = (error?: Error | null) => void;

/**
 * A connection as the HTTP server sees it while somebody before it decides which bytes it is given. What the server
 * writes goes to the real socket, and a write is done when the real one is; so its time limits and its back pressure
 * hold. The lender gets the connection back after an answer, which no public way allows for a real socket.
 *
 * - lent: from `lend` on, until `isAtRest`.
 * - at rest: the server keeps it as an idle connection, for the next loan. The first state.
 * - ended: the last state; the server or the lender has destroyed it.
 */
export class LentSocket extends Duplex {
  readonly #socket: Socket;
  readonly #lender: Lender;
  #isForOneRequest = false;
  #open = 0;
  #requests = 0;
  #last: IncomingMessage | undefined;

  constructor(socket: Socket, lender: Lender) {
    super({ decodeStrings: false, readableHighWaterMark: AT_ONCE });
    this.#socket = socket;
    this.#lender = lender;
  }

  /** A new loan begins: for the bytes of one request, or for good. */
  lend(isForOneRequest: boolean): void {
    this.#isForOneRequest = isForOneRequest;
    this.#requests = 0;
    this.#last = undefined;
  }

  /** The server answers a request that it has read here. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#open += 1;
    this.#requests += 1;
    this.#last = request;
    response.once('close', () => {
      this.#open -= 1;
      if (!this.destroyed) this.#lender.goesOn();
    });
  }

  /** True if the server is given no more than one request in this loan. */
  get isForOneRequest(): boolean {
    return this.#isForOneRequest;
  }

  /** False while the server has so many requests of this connection that it should not be given more. */
  get takesMore(): boolean {
    return this.#open < MOST_OPEN;
  }

  /** True if the server has answered what it was given in this loan, and keeps the connection. */
  get isAtRest(): boolean {
    const isAnswered = this.#open === 0 && this.#requests > 0;
    return isAnswered && this.readableLength === 0 && !this.writableEnded && !this.destroyed;
  }

  /** True if the server, at rest, has found one request in this loan, and its end. */
  get hadOneRequest(): boolean {
    return this.#requests === 1 && this.#last?.complete === true;
  }

  override _read(): void {
    this.#lender.goesOn();
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: string | Buffer; readonly encoding: BufferEncoding }[],
    done: Done,
  ): void {
    // `node:http` ends an answer with an empty piece, which would cost a write of its own kind.
    const pieces = chunks.filter(({ chunk }) => chunk.length > 0);
    const last = pieces.pop();
    if (last === undefined) {
      done();
      return;
    }
    this.#socket.cork();
    for (const { chunk, encoding } of pieces) this.#socket.write(chunk, encoding);
    this.#socket.write(last.chunk, last.encoding, done);
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#lender.ended();
    done(error);
  }

  /** As the socket's, which `node:http` calls after a last answer. */
  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** The lender passes on the `timeout` of the real socket. */
  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }
}
