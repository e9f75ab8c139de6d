import type { Socket } from 'node:net';
import { toLeafcutterError } from '@leafcutter/shared/errors';
import { LentSocket } from '@leafcutter/shared/http/lent-socket';
import { KEEP_ALIVE_BUFFER_MS, KEEP_ALIVE_MS } from '@leafcutter/shared/http/listen';
import type { ExactId } from '../../../domain/segments/segment-buffer.ts';
import type { Handover, Tally } from '../../../metrics/metrics.ts';
import type { Debt, Debtor } from '../../deadlines.ts';
import { kept, readShared } from '../../shared-reads.ts';
import type { DirectAnswers } from './direct-answers.ts';
import type { DirectRoute, DirectRoutes } from './direct-routes.ts';
import { type KnownHead, KnownHeads } from './known-heads.ts';
import { type OddRequest, readHead } from './plain-head.ts';

/** How many bytes may arrive behind a request that is not answered yet; beyond that the client is not read. */
const MOST_BEHIND = 65_536;
/** Characters of answers that are put together before they are written. */
const MOST_AT_ONCE = 65_536;
/** Bytes that the ordinary server is given at once if nobody knows how many requests they hold. */
const MOST_UNCLEAR = 1_024;

const IDLE_MS = KEEP_ALIVE_MS + KEEP_ALIVE_BUFFER_MS;
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * A connection of the HTTP door. Plain requests are answered here, others by the ordinary server, which gets exactly
 * their bytes; in between the connection comes back. Requests are answered in order, and one at a time if they wait.
 *
 * - reading: what arrives is answered at once, in order; the beginning of a head is kept until its rest has come. The
 *   first state; also entered when any of the next three is over.
 * - waiting: one request waits for its ID. Left by the answer, or when the client goes, which ends the wait.
 * - lent: the ordinary server has the connection, for one request whose length is known, or for good. Left when it
 *   has answered that request and keeps the connection.
 * - full: the client has to take its answers first. Its requests would draw IDs for nobody. Left by `drain`.
 * - over: the last state. The socket ends.
 *
 * In all states but reading, what arrives is kept, up to a bound.
 */
export class DirectConnection implements Debtor {
  readonly #socket: Socket;
  readonly #parts: Parts;
  readonly #known = new KnownHeads();
  #wait: AbortController | undefined;
  /** How the ordinary server sees this connection, once it has seen it. */
  #lent: LentSocket | undefined;
  #lending = false;
  /** Bytes that the ordinary server is still to be given; infinitely many if it keeps the connection. */
  #owed = 0;
  #full = false;
  #paused = false;
  #behind: Buffer[] = [];
  #behindBytes = 0;
  #heard = false;
  /** The client sends nothing more. */
  #ended = false;
  #over = false;

  constructor(socket: Socket, parts: Parts) {
    this.#socket = socket;
    this.#parts = parts;
    if (!readShared(socket, this.#onData)) socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    // A broken connection harms only its client; `close` follows.
    socket.on('error', () => undefined);
    socket.on('timeout', this.#onTimeout);
    socket.setTimeout(IDLE_MS);
  }

  /** Ends the connection if its client waits for nothing and is in no request; answers already given are still sent. */
  endIdle(): void {
    const isBusy = this.#wait !== undefined || this.#lending || this.#behindBytes > 0;
    if (this.#heard && !isBusy) this.#end('');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The ordinary server has its own deadlines for what is lent to it. */
  owes(): Debt | undefined {
    if (this.#lending) return undefined;
    if (this.#socket.writableLength > 0) return 'answers';
    if (this.#over || this.#wait !== undefined) return undefined;
    return this.#heard && this.#behindBytes === 0 ? undefined : 'head';
  }

  /** Bytes of answers that the client's machine has taken. */
  get finished(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  cut(): void {
    if (this.owes() === 'head') this.#end(TIMED_OUT);
    else this.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    // What comes after the last answer would draw IDs for nobody.
    if (this.#over) return;
    this.#heard = true;
    if (this.#isReading && this.#behindBytes === 0) {
      this.#serve(bytes);
      this.#pace();
    } else {
      this.#keep(bytes);
      this.#goOn();
    }
  };

  readonly #onDrain = (): void => {
    this.#full = false;
    this.#goOn();
  };

  readonly #onEnd = (): void => {
    if (this.#over) return;
    this.#ended = true;
    if (this.#lending) this.#feed();
    // The ordinary server judges a request that ends too early.
    else if (this.#isReading && this.#behindBytes > 0) this.#lend({ odd: 'head', length: undefined });
    else this.#end('');
  };

  readonly #onClose = (): void => {
    this.#over = true;
    this.#wait?.abort();
    this.#lent?.destroy();
    this.#parts.left(this);
  };

  readonly #onTimeout = (): void => {
    if (this.#lending) this.#lent?.emit('timeout');
    else if (this.#socket.writableLength > 0) this.#socket.destroy();
    else if (this.#wait === undefined) this.#end('');
  };

  /** Does what can be done now with what has come. */
  #goOn(): void {
    if (this.#over) return;
    if (this.#lending) this.#feed();
    else if (this.#isReading && this.#behindBytes > 0) this.#serve(this.#take(this.#behindBytes));
    this.#pace();
  }

  get #isReading(): boolean {
    return this.#wait === undefined && !this.#full && !this.#lending;
  }

  /** Reads on or not. */
  #pace(): void {
    const mustWait = this.#full || this.#behindBytes > MOST_BEHIND;
    if (mustWait === this.#paused) return;
    this.#paused = mustWait;
    if (mustWait) this.#socket.pause();
    else this.#socket.resume();
  }

  #serve(bytes: Buffer): void {
    let answers = '';
    let at = 0;
    while (at < bytes.length) {
      const request = this.#read(bytes, at);
      if (request === undefined) break;
      if ('odd' in request) {
        this.#write(answers);
        this.#keep(bytes.subarray(at));
        this.#lend(request);
        return;
      }
      at += request.length;
      const id = drawNow(request.route);
      if (id === undefined) {
        this.#write(answers);
        this.#keep(bytes.subarray(at));
        void this.#answerLater(request);
        return;
      }
      const keepAlive = this.#keepsAlive(request, at < bytes.length);
      answers += this.#parts.answers.one(request.route, id, keepAlive);
      this.#parts.tally.count += 1;
      if (!keepAlive) {
        this.#end(answers);
        return;
      }
      if (answers.length < MOST_AT_ONCE) continue;
      this.#write(answers);
      answers = '';
      if (this.#full) break;
    }
    this.#write(answers);
    if (at < bytes.length) this.#keep(bytes.subarray(at));
  }

  #read(bytes: Buffer, at: number): KnownHead | OddRequest | undefined {
    const request = this.#readAny(bytes, at);
    if (request === undefined || 'odd' in request || request.keepAlive) return request;
    // What follows a request that ends the connection is an error, and not ours to answer.
    return at + request.length < bytes.length ? { odd: 'last', length: undefined } : request;
  }

  #readAny(bytes: Buffer, at: number): KnownHead | OddRequest | undefined {
    const { routes } = this.#parts;
    const { version } = routes;
    const known = this.#known.find(bytes, at, version);
    if (known !== undefined) return known;
    const head = readHead(bytes, at);
    if (head === undefined || 'odd' in head) return head;
    const { keepAlive, length } = head;
    const route = routes.find(head);
    if (typeof route === 'string') return { odd: route, length: keepAlive ? length : undefined };
    return this.#known.add(bytes.subarray(at, at + length), version, route, keepAlive);
  }

  async #answerLater({ route, keepAlive: keeps }: KnownHead): Promise<void> {
    const wait = new AbortController();
    this.#wait = wait;
    const answer = await this.#drawn(route, wait.signal);
    this.#wait = undefined;
    if (this.#over) return;
    const keepAlive = this.#keepsAlive({ keepAlive: keeps }, this.#behindBytes > 0);
    if (!keepAlive) {
      this.#end(answer(keepAlive));
      return;
    }
    this.#write(answer(keepAlive));
    this.#goOn();
  }

  async #drawn(route: DirectRoute, signal: AbortSignal): Promise<(keepAlive: boolean) => string> {
    const { answers, tally } = this.#parts;
    try {
      const id = await route.draw(signal);
      tally.count += route.count;
      return (keepAlive) => answers.one(route, id, keepAlive);
    } catch (thrown) {
      const error = toLeafcutterError(thrown);
      route.ids.refused(error, { method: 'GET', path: route.path });
      return (keepAlive) => answers.refusal(route.refusal(error), keepAlive);
    }
  }

  /** A draining door ends a connection with the answer to the last request that has come. */
  #keepsAlive({ keepAlive }: Pick<KnownHead, 'keepAlive'>, moreFollows: boolean): boolean {
    return keepAlive && (moreFollows || !this.#parts.isDraining());
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#behind.push(kept(bytes));
    this.#behindBytes += bytes.length;
  }

  /** Up to `most` of the bytes that were kept, in one piece; not none if there are any. */
  #take(most: number): Buffer {
    const [first, second] = this.#behind;
    if (first === undefined) throw new Error('nothing was kept');
    const all = second === undefined ? first : Buffer.concat(this.#behind);
    this.#behind = [];
    this.#behindBytes = 0;
    this.#keep(all.subarray(most));
    return all.subarray(0, most);
  }

  #write(text: string): void {
    if (text !== '' && !this.#socket.write(text)) this.#full = true;
  }

  #lend({ odd, length }: OddRequest): void {
    this.#parts.handedOver(odd);
    this.#lending = true;
    this.#owed = length ?? Number.POSITIVE_INFINITY;
    if (this.#lent === undefined) {
      const lent = new LentSocket(this.#socket, {
        goesOn: () => this.#goOn(),
        ended: () => this.#lentEnded(lent),
      });
      this.#lent = lent;
      this.#parts.accept(lent);
    }
    this.#lent.lend(length !== undefined);
    this.#feed();
  }

  /**
   * Gives the ordinary server what it is still to be given. If it keeps the connection, it is given little at a time:
   * it would make objects of all requests in it, and of these there may be thousands.
   */
  #feed(): void {
    const lent = this.#lent;
    if (lent === undefined) throw new Error('there is nothing to feed');
    while (this.#owed > 0 && this.#behindBytes > 0 && lent.takesMore && !this.#over) {
      const piece = this.#take(Number.isFinite(this.#owed) ? this.#owed : MOST_UNCLEAR);
      this.#owed -= piece.length;
      if (!lent.push(piece)) break;
    }
    if (this.#over) return;
    if (this.#ended && (this.#owed === 0 || this.#behindBytes === 0)) lent.push(null);
    else if (this.#owed === 0 && lent.isAtRest) this.#takeBack(lent);
  }

  #takeBack(lent: LentSocket): void {
    if (lent.hadOneRequest) {
      this.#lending = false;
      this.#socket.setTimeout(IDLE_MS);
      this.#goOn();
    } else {
      // The server has found something else in the bytes of one request. Nobody knows what comes next.
      this.#over = true;
      this.destroy();
    }
  }

  #lentEnded(lent: LentSocket): void {
    if (this.#lending) this.destroy();
    // It has only given up an idle connection, while the requests here go on.
    else if (this.#lent === lent) this.#lent = undefined;
  }

  #end(text: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#wait?.abort();
    this.#behind = [];
    this.#behindBytes = 0;
    if (text !== '') this.#socket.write(text);
    this.#socket.destroySoon();
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
  /** Makes what is lent a connection of the ordinary server. */
  readonly accept: (lent: LentSocket) => void;
  /** Counts a request that the ordinary server was given. */
  readonly handedOver: (why: Handover) => void;
  /** The connection is over. */
  readonly left: (connection: DirectConnection) => void;
}
