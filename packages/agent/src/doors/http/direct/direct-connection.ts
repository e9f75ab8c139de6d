import type { Socket } from 'node:net';
import { toLeafcutterError } from '@leafcutter/shared/errors';
import { HEAD_TIMEOUT_MS, KEEP_ALIVE_MS } from '@leafcutter/shared/http/listen';
import type { ExactId } from '../../../domain/segments/segment-buffer.ts';
import type { Tally } from '../../../metrics/metrics.ts';
import type { DirectAnswers } from './direct-answers.ts';
import type { DirectRoute, DirectRoutes } from './direct-routes.ts';
import { readPlainHead } from './plain-head.ts';

/** A request that was read, and the length of its head. */
interface DirectRequest {
  readonly route: DirectRoute;
  readonly keepAlive: boolean;
  readonly length: number;
}

/** How many bytes may arrive behind a request that waits; beyond that the client is not read. */
const MOST_BEHIND = 65_536;

const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * A connection, for as long as only plain requests for one ID come on it.
 *
 * - reading: what arrives is answered at once, in order. The first state; also entered when a wait is over.
 * - waiting: one request waits for its ID; what arrives meanwhile is kept, up to a bound. Left by the answer, or when
 *   the client goes, which ends the wait.
 * - over: the last state. Either the socket ends, or `node:http` has it, with every byte from the first one on that
 *   was not plainly a request for one ID.
 *
 * A client sends the same head again and again, so a head is read once and recognised by its bytes after that: equal
 * bytes without a body mean the same.
 */
export class DirectConnection {
  readonly #socket: Socket;
  readonly #parts: Parts;
  #known: { readonly head: Buffer; readonly request: DirectRequest; readonly version: number } | undefined;
  #wait: AbortController | undefined;
  #behind: Buffer[] = [];
  #behindBytes = 0;
  #heard = false;
  #over = false;

  constructor(socket: Socket, parts: Parts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
    socket.on('timeout', this.#onTimeout);
    socket.setTimeout(HEAD_TIMEOUT_MS);
  }

  /** Ends the connection unless a request waits on it; answers already given are still sent. */
  endIdle(): void {
    if (this.#wait === undefined) this.#end('');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    // What comes after the last answer would draw IDs for nobody.
    if (this.#over) return;
    if (!this.#heard) {
      this.#heard = true;
      this.#socket.setTimeout(KEEP_ALIVE_MS);
    }
    if (this.#wait === undefined) this.#serve(bytes);
    else this.#keep(bytes);
  };

  readonly #onDrain = (): void => void this.#socket.resume();

  readonly #onEnd = (): void => this.#end('');

  readonly #onClose = (): void => {
    this.#wait?.abort();
    this.#leave();
  };

  /** A broken connection harms only its client; `close` follows. */
  readonly #onError = (): void => undefined;

  readonly #onTimeout = (): void => {
    // Answers that were not taken for this long never will be, so waiting for that would never end.
    if (this.#socket.writableLength > 0) this.#socket.destroy();
    else if (this.#wait === undefined) this.#end(this.#heard ? '' : TIMED_OUT);
  };

  #serve(bytes: Buffer): void {
    let answers = '';
    for (let at = 0; at < bytes.length; ) {
      const request = this.#read(bytes, at);
      // What follows a request that ends the connection is an error, and not ours to answer.
      const isLast = request?.keepAlive === false;
      if (request === undefined || (isLast && at + request.length < bytes.length)) {
        this.#write(answers);
        this.#handOver(bytes.subarray(at));
        return;
      }
      at += request.length;
      const id = drawNow(request.route);
      if (id === undefined) {
        this.#write(answers);
        void this.#answerLater(request, bytes.subarray(at));
        return;
      }
      const keepAlive = this.#keepsAlive(request, at < bytes.length);
      answers += this.#parts.answers.one(request.route, id, keepAlive);
      this.#parts.tally.count += 1;
      if (!keepAlive) {
        this.#end(answers);
        return;
      }
    }
    this.#write(answers);
  }

  #read(bytes: Buffer, at: number): DirectRequest | undefined {
    const known = this.#known;
    const { version } = this.#parts.routes;
    // Its token may have been revoked since.
    if (known?.version === version) {
      const { length } = known.head;
      if (bytes.length - at >= length && bytes.compare(known.head, 0, length, at, at + length) === 0)
        return known.request;
    }
    const head = readPlainHead(bytes, at);
    const route = head && this.#parts.routes.find(head);
    if (head === undefined || route === undefined) return undefined;
    const { keepAlive, length } = head;
    const request = { route, keepAlive, length };
    // A copy, because the chunk shares its memory with other data that was read.
    this.#known = { head: Buffer.from(bytes.subarray(at, at + length)), request, version };
    return request;
  }

  async #answerLater(request: DirectRequest, rest: Buffer): Promise<void> {
    const wait = new AbortController();
    this.#wait = wait;
    if (rest.length > 0) this.#keep(rest);
    const answer = await this.#drawn(request, wait.signal);
    this.#wait = undefined;
    if (this.#over) return;
    const keepAlive = this.#keepsAlive(request, this.#behind.length > 0);
    if (!keepAlive) {
      this.#end(answer(keepAlive));
      return;
    }
    this.#write(answer(keepAlive));
    const behind = Buffer.concat(this.#behind);
    this.#behind = [];
    this.#behindBytes = 0;
    if (!this.#socket.writableNeedDrain) this.#socket.resume();
    if (behind.length > 0) this.#serve(behind);
  }

  async #drawn({ route }: DirectRequest, signal: AbortSignal): Promise<(keepAlive: boolean) => string> {
    const { answers, tally } = this.#parts;
    try {
      const id = await route.draw(signal);
      tally.count += 1;
      return (keepAlive) => answers.one(route, id, keepAlive);
    } catch (thrown) {
      const error = toLeafcutterError(thrown);
      route.ids.refused(error, { method: 'GET', path: route.path });
      return (keepAlive) => answers.refusal(route.refusal(error), keepAlive);
    }
  }

  /** A draining door ends a connection with the answer to the last request that has come. */
  #keepsAlive(request: DirectRequest, moreFollows: boolean): boolean {
    return request.keepAlive && (moreFollows || !this.#parts.isDraining());
  }

  #keep(bytes: Buffer): void {
    this.#behind.push(bytes);
    this.#behindBytes += bytes.length;
    if (this.#behindBytes > MOST_BEHIND) this.#socket.pause();
  }

  /** A client that does not read its answers is not read either: its requests would draw IDs for nobody. */
  #write(text: string): void {
    if (text !== '' && !this.#socket.write(text)) this.#socket.pause();
  }

  #handOver(bytes: Buffer): void {
    this.#leave();
    this.#socket.setTimeout(0);
    this.#socket.pause();
    this.#socket.unshift(bytes);
    this.#parts.handOver(this.#socket);
    this.#socket.resume();
  }

  #end(text: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#wait?.abort();
    if (text !== '') this.#socket.write(text);
    this.#socket.destroySoon();
  }

  /** Stops listening. */
  #leave(): void {
    this.#over = true;
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    socket.off('error', this.#onError);
    socket.off('timeout', this.#onTimeout);
    this.#parts.left(this);
  }
}

/** Undefined if the caller has to wait. What fails here fails again in `draw`, which answers it. */
function drawNow(route: DirectRoute): ExactId | undefined {
  try {
    return route.drawNow();
  } catch {
    return undefined;
  }
}

interface Parts {
  readonly routes: DirectRoutes;
  readonly answers: DirectAnswers;
  /** Counts the IDs that are answered this way. */
  readonly tally: Tally;
  readonly isDraining: () => boolean;
  /** Gives the socket to the ordinary server. */
  readonly handOver: (socket: Socket) => void;
  /** The connection is over, or belongs to the ordinary server now. */
  readonly left: (connection: DirectConnection) => void;
}
