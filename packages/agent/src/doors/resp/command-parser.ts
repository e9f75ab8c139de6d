import { kept } from '../shared-reads.ts';

/** Arguments of one command, its name included. */
const MAX_ARGUMENTS = 64;
/** Bytes of one argument. */
const MAX_ARGUMENT_BYTES = 1_024;
/** Bytes of a command that is too large and skipped: past them, where the next one begins is not looked for. */
const MAX_SKIPPED_BYTES = 1_048_576;
/** Bytes of a line: an inline command, or the length of what follows. */
const MAX_LINE_BYTES = 4_096;

/** How many bytes of a command are remembered. */
const MAX_SEEN_BYTES = 128;
/** Digits of a length. */
const MAX_DIGITS = 8;

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;
const ARRAY = 0x2a;
const BULK = 0x24;

/**
 * The first line of an HTTP/1 request, or a header that every request has, in the place of a command. Redis looks for
 * them too.
 */
const HTTP_LINE = /^(?:[A-Z]+ \S+ HTTP\/1\.[01]$|host:)/i;

/** Stands for a command with more or longer arguments than the door takes; nothing of it was kept. */
export const SKIPPED: readonly string[] = ['(skipped)'];

/** Bytes that are no command; the connection cannot go on, because where the next one begins is unknown. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/**
 * Reads commands from a connection's bytes, however they are cut: arrays of bulk strings, and inline commands. Bytes of
 * an unfinished command are kept; they are bounded by the limits above, and what is longer is skipped as it comes. One character stands for one byte (latin1), so
 * that arguments are kept as they came whatever they hold. (Source: Redis serialization protocol.)
 */
export class CommandParser {
  #bytes: Buffer = EMPTY;
  /** The last command, as it came and as it was read: clients that pipeline repeat themselves. */
  readonly #seen = Buffer.allocUnsafe(MAX_SEEN_BYTES);
  #seenLength = 0;
  #read: string[] = [];
  #at = 0;
  #skipping: Skipping | undefined;

  /** True if the rest of a command has not come, once `next` has returned all the complete ones. */
  get isMidway(): boolean {
    return this.#at < this.#bytes.length || this.#skipping !== undefined;
  }

  push(chunk: Buffer): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** Takes a copy of what has not been read, because the bytes that were pushed may be somebody else's from now on. */
  keep(): void {
    if (this.#at === this.#bytes.length) return;
    this.#bytes = kept(this.#bytes.subarray(this.#at));
    this.#at = 0;
  }

  /** The next command, or SKIPPED; undefined where its bytes have not all come. @throws ProtocolError */
  next(): readonly string[] | undefined {
    while (this.#at < this.#bytes.length) {
      const begun = this.#at;
      const command = this.#command();
      if (command === undefined) {
        // What is skipped is gone.
        if (this.#skipping === undefined) {
          this.#at = begun;
          return undefined;
        }
        if (this.#at === begun) return undefined;
        continue;
      }
      // An empty array or line is no command, and gets no answer.
      if (command.length > 0) return command;
    }
    // Nothing is left over: an idle connection holds no bytes.
    this.#bytes = EMPTY;
    this.#at = 0;
    return undefined;
  }

  #command(): readonly string[] | undefined {
    if (this.#skipping !== undefined) return this.#skip(this.#skipping);
    return this.#bytes[this.#at] === ARRAY ? this.#array() : this.#inline();
  }

  #array(): string[] | undefined {
    const begun = this.#at;
    if (this.#seenLength > 0 && this.#isSeenAgain(begun)) {
      this.#at = begun + this.#seenLength;
      return this.#read;
    }
    const command = this.#newArray();
    if (command !== undefined && this.#at - begun <= MAX_SEEN_BYTES) {
      this.#seenLength = this.#bytes.copy(this.#seen, 0, begun, this.#at);
      this.#read = command;
    }
    return command;
  }

  /** Byte by byte, because a call of `compare` takes longer than these few. */
  #isSeenAgain(begun: number): boolean {
    const bytes = this.#bytes;
    const seen = this.#seen;
    const length = this.#seenLength;
    if (begun + length > bytes.length) return false;
    for (let at = 0; at < length; at++) if (bytes[begun + at] !== seen[at]) return false;
    return true;
  }

  #newArray(): string[] | undefined {
    const count = this.#length(MAX_SKIPPED_BYTES, 'invalid multibulk length');
    if (count === undefined) return undefined;
    if (count > MAX_ARGUMENTS) {
      this.#skipping = { arguments: count, bytes: 0, left: MAX_SKIPPED_BYTES };
      return undefined;
    }
    const command: string[] = [];
    for (let index = 0; index < count; index++) {
      const marker = this.#bytes[this.#at];
      if (marker === undefined) return undefined;
      if (marker !== BULK) throw new ProtocolError(`expected '$', got '${shown(marker)}'`);
      const begun = this.#at;
      const length = this.#length(MAX_SKIPPED_BYTES, 'invalid bulk length');
      if (length === undefined) return undefined;
      if (length > MAX_ARGUMENT_BYTES) {
        this.#at = begun;
        this.#skipping = { arguments: count - index, bytes: 0, left: MAX_SKIPPED_BYTES };
        return undefined;
      }
      const end = this.#at + length;
      if (this.#bytes.length < end + 2) return undefined;
      if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
        throw new ProtocolError('a bulk string does not end where it says');
      }
      command.push(this.#bytes.toString('latin1', this.#at, end));
      this.#at = end + 2;
    }
    return command;
  }

  /** Goes on past what has come of a command that is too large; undefined as long as more of it is to come. */
  #skip(skipping: Skipping): readonly string[] | undefined {
    while (skipping.arguments > 0) {
      const begun = this.#at;
      if (skipping.bytes === 0) {
        const marker = this.#bytes[begun];
        if (marker === undefined) return undefined;
        if (marker !== BULK) throw new ProtocolError(`expected '$', got '${shown(marker)}'`);
        const length = this.#length(skipping.left, 'invalid bulk length');
        if (length === undefined) return undefined;
        skipping.bytes = length + 2;
      }
      // The two bytes at the end are looked at together.
      const body = Math.min(skipping.bytes - 2, this.#bytes.length - this.#at);
      this.#at += body;
      skipping.bytes -= body;
      skipping.left -= this.#at - begun;
      if (skipping.left < 0) throw new ProtocolError('too big a command to skip');
      if (skipping.bytes > 2 || this.#bytes.length < this.#at + 2) return undefined;
      if (this.#bytes[this.#at] !== CR || this.#bytes[this.#at + 1] !== LF) {
        throw new ProtocolError('a bulk string does not end where it says');
      }
      this.#at += 2;
      skipping.bytes = 0;
      skipping.arguments -= 1;
    }
    this.#skipping = undefined;
    return SKIPPED;
  }

  /** The number behind a marker, 0 to `max`; undefined where the line has not come. */
  #length(max: number, problem: string): number | undefined {
    const bytes = this.#bytes;
    const begun = this.#at + 1;
    let value = 0;
    let at = begun;
    for (; at < bytes.length && bytes[at] !== CR; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      value = value * 10 + digit;
      // Leading zeros would let a line go on for ever.
      if (digit < 0 || digit > 9 || value > max || at - begun > MAX_DIGITS) throw new ProtocolError(problem);
    }
    if (at + 1 >= bytes.length) return undefined;
    if (at === begun || bytes[at + 1] !== LF) throw new ProtocolError(problem);
    this.#at = at + 2;
    return value;
  }

  #inline(): readonly string[] | undefined {
    const end = this.#lineEnd();
    if (end === undefined) return undefined;
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + (this.#bytes[end] === CR ? 2 : 1);
    // A page in a browser may send anything to this port in the body of such a request.
    if (HTTP_LINE.test(line)) throw new ProtocolError('this port speaks the Redis protocol, not HTTP');
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    return words.length > MAX_ARGUMENTS ? SKIPPED : words;
  }

  /** Where the line ends, before its CR LF or LF; undefined if that has not come. */
  #lineEnd(): number | undefined {
    const lineFeed = this.#bytes.indexOf(LF, this.#at);
    const end = lineFeed < 0 ? this.#bytes.length : lineFeed;
    if (end - this.#at > MAX_LINE_BYTES) throw new ProtocolError('too big inline request');
    if (lineFeed < 0) return undefined;
    return this.#bytes[lineFeed - 1] === CR && lineFeed > this.#at ? lineFeed - 1 : lineFeed;
  }
}

/** A command that is too large, as far as it is still to come. */
interface Skipping {
  arguments: number;
  /** Of the argument that was begun, with the two bytes at its end; 0 between arguments. */
  bytes: number;
  /** Bytes that may yet be skipped, lines of lengths included. */
  left: number;
}

function shown(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
}
