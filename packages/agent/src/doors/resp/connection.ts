import type { Socket } from 'node:net';
import type { Guest } from '@leafcutter/shared/http/crowd';
import type { Debt, Debtor } from '../deadlines.ts';
import { readShared } from '../shared-reads.ts';
import type { RespAddress } from './about-server.ts';
import { CommandParser, ProtocolError } from './command-parser.ts';
import { answer, type Commands, isLetIn, type Session } from './commands.ts';
import { failure } from './replies.ts';

/** Characters of answers that are put together before they are written. */
const MOST_AT_ONCE = 262_144;

/**
 * One client. Commands are answered in order. Reading (from the socket and from what was read) goes on while answers
 * come from memory; it stops while one waits or while the client does not take its answers. So a connection never
 * holds more than one read and the largest answer. It is asked once a second what the client owes, never per command.
 */
export class Connection implements Guest, Debtor {
  readonly #socket: Socket;
  readonly #commands: Commands;
  readonly #session: Session;
  readonly #parser = new CommandParser();
  readonly #gone = new AbortController();
  /** A command waits for its IDs. */
  #waiting = false;
  /** The client has to take what was written first. */
  #full = false;
  /** What was answered was enough to write, and not all. */
  #hasMore = false;
  #finishing = false;
  #finished = 0;

  constructor(socket: Socket, commands: Commands, id: number) {
    this.#socket = socket;
    this.#commands = commands;
    this.#session = {
      id,
      version: 2,
      token: undefined,
      scope: undefined,
      scopeVersion: -1,
      name: '',
      admitted: undefined,
      transaction: undefined,
      running: [],
      tracking: false,
      endpoint: endpointOf(socket),
      quitting: false,
      gone: this.#gone.signal,
    };
    const read = (chunk: Buffer) => {
      this.#parser.push(chunk);
      this.#work();
      this.#parser.keep();
    };
    if (!readShared(socket, read)) socket.on('data', read);
    socket.on('drain', () => {
      this.#full = false;
      this.#work();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#gone.abort());
  }

  /** Ends the connection as soon as nothing waits. */
  finish(): void {
    this.#finishing = true;
    this.#work();
  }

  /** How many commands have come completely. */
  get finished(): number {
    return this.#finished;
  }

  get isKnown(): boolean {
    return this.#finished > 0 && isLetIn(this.#commands, this.#session);
  }

  owes(): Debt | undefined {
    if (!isLetIn(this.#commands, this.#session)) return 'token';
    // Bytes that have not left for the client's machine. The others are there, or on the way.
    if (this.#socket.writableLength > 0) return 'answers';
    return !this.#waiting && this.#parser.isMidway ? 'command' : undefined;
  }

  cut(): void {
    this.#socket.destroy();
  }

  #work(): void {
    // Commands of a client that has gone would draw IDs for nobody.
    if (this.#waiting || this.#full || this.#session.quitting || this.#gone.signal.aborted) return;
    do this.#write(this.#answers());
    while (this.#hasMore && !this.#full);
    if (this.#session.quitting || (this.#finishing && !this.#waiting && !this.#hasMore)) this.#end();
    else if (this.#waiting || this.#full) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Answers commands until there is no more, one has to wait, or there is enough to write. */
  #answers(): string {
    let out = '';
    this.#hasMore = false;
    try {
      for (let command = this.#next(); command !== undefined; command = this.#next()) {
        const answered = answer(this.#commands, this.#session, command);
        if (typeof answered !== 'string') {
          this.#waiting = true;
          void answered.then((late) => this.#arrived(late));
          return out;
        }
        out += answered;
        if (this.#session.quitting) return out;
        if (out.length >= MOST_AT_ONCE) {
          this.#hasMore = true;
          return out;
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#session.quitting = true;
      out += failure(`ERR Protocol error: ${error.message}`);
    }
    return out;
  }

  /** Of a transaction that runs, else of what has come. */
  #next(): readonly string[] | undefined {
    const queued = this.#session.running.pop();
    if (queued !== undefined) return queued;
    const command = this.#parser.next();
    if (command !== undefined) this.#finished += 1;
    return command;
  }

  #arrived(late: string): void {
    this.#waiting = false;
    this.#write(late);
    this.#work();
  }

  #write(out: string): void {
    if (out !== '' && !this.#socket.destroyed && !this.#socket.write(out, 'latin1')) this.#full = true;
  }

  /** Sends what is written and then closes, even if the client does not. */
  #end(): void {
    this.#session.quitting = true;
    this.#socket.destroySoon();
  }
}

/** As the client wrote it: an address of version 4 in one of version 6 is what only this side sees. */
function endpointOf({ localAddress, localPort }: Socket): RespAddress | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined;
  return { host: localAddress.replace(/^::ffff:/, ''), port: localPort };
}
