import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Guest } from '@leafcutter/shared/http/crowd';
import type { Debt, Debtor } from '../deadlines.ts';

/** How a door tells its calls apart. */
export interface CallRules {
  /** True for calls that only a caller with access to IDs makes; health and reflection are open to strangers. */
  readonly isOfKnown: (headers: IncomingHttpHeaders) => boolean;
  /** True for methods whose requests come one by one, when the client has some. */
  readonly isStream: (path: string) => boolean;
}

/**
 * One client, as its HTTP/2 session shows it. It is asked once a second what it owes. A call costs no more than being
 * remembered while it is open.
 */
export class GrpcConnection implements Guest, Debtor {
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #rules: CallRules;
  /** Open calls, except streams of clients that are known. */
  readonly #calls = new Set<ServerHttp2Stream>();
  #hasGreeted = false;
  #isKnown = false;
  #finished = 0;

  constructor(socket: Socket, session: ServerHttp2Session, rules: CallRules) {
    this.#socket = socket;
    this.#session = session;
    this.#rules = rules;
    // The preface ends with the client's settings (RFC 9113, 3.4).
    session.once('remoteSettings', () => {
      this.#hasGreeted = true;
    });
    session.on('stream', (call, headers) => this.#opened(call, headers));
  }

  /** How many calls are over. */
  get finished(): number {
    return this.#finished;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  owes(): Debt | undefined {
    if (this.#session.destroyed || this.#socket.writableEnded) return 'farewell';
    if (!this.#hasGreeted) return 'preface';
    for (const call of this.#calls) if (!call.readableEnded) return 'request';
    return undefined;
  }

  cut(): void {
    this.#socket.destroy();
  }

  #opened(call: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (!this.#isKnown) this.#isKnown = this.#rules.isOfKnown(headers);
    if (this.#isKnown && this.#rules.isStream(headers[':path']?.toString() ?? '')) return;
    this.#calls.add(call);
    call.once('close', () => {
      this.#calls.delete(call);
      this.#finished += 1;
    });
  }
}
