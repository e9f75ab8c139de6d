import type { DirectRoute } from './direct-routes.ts';
import { changesNothing, LONGEST_HEAD } from './plain-head.ts';

/** How many heads are remembered of a connection. A proxy's carries the requests of several clients in turn. */
const MOST_KNOWN = 4;

/**
 * A plain head that was read. It is recognised by its bytes after that: equal bytes without a body mean the same. Once
 * two heads differ only in the values of fields that change nothing, such as `traceparent`, these values may be
 * anything printable, and the rest has to be equal still.
 */
export class KnownHead {
  readonly route: DirectRoute;
  readonly keepAlive: boolean;
  /** Of the head that was recognised last, in bytes. */
  length: number;
  /** As it was read first. */
  readonly #head: Buffer;
  #read: readonly string[] | undefined;
  /** The lines whose value may be anything. */
  readonly #free = new Set<number>();
  /** What has to be equal: between two of these stands a free value. */
  #parts: readonly Buffer[];

  constructor(head: Buffer, route: DirectRoute, keepAlive: boolean) {
    this.route = route;
    this.keepAlive = keepAlive;
    this.length = head.length;
    // A copy, because the chunk shares its memory with other data that was read.
    this.#head = Buffer.from(head);
    this.#parts = [this.#head];
  }

  /** Told apart only when another head comes: most connections carry one kind of request, many of them one request. */
  get #lines(): readonly string[] {
    this.#read ??= linesOf(this.#head);
    return this.#read;
  }

  /** True if a head that means the same begins at `from`. */
  recognises(bytes: Buffer, from: number): boolean {
    let at = from;
    for (let index = 0; index < this.#parts.length; index++) {
      const part = this.#parts[index];
      if (part === undefined) return false;
      if (index > 0) at = endOfValue(bytes, at);
      const end = at + part.length;
      if (bytes.length < end || bytes.compare(part, 0, part.length, at, end) !== 0) return false;
      at = end;
    }
    this.length = at - from;
    return this.length <= LONGEST_HEAD;
  }

  /** Learns from another plain head; false if it is not this one but for values that change nothing. */
  learns(head: Buffer): boolean {
    const lines = linesOf(head);
    if (lines.length !== this.#lines.length) return false;
    const differing = lines.flatMap((line, index) => (line === this.#lines[index] ? [] : [index]));
    const isFree = (index: number) => {
      const name = nameOf(lines[index]);
      return name !== '' && name === nameOf(this.#lines[index]) && changesNothing(name.toLowerCase());
    };
    if (!differing.every(isFree)) return false;
    for (const index of differing) this.#free.add(index);
    this.#parts = this.#fixedParts();
    this.length = head.length;
    return true;
  }

  #fixedParts(): Buffer[] {
    const parts = [''];
    this.#lines.forEach((line, index) => {
      const isFree = this.#free.has(index);
      parts[parts.length - 1] += isFree ? `${nameOf(line)}:` : line;
      if (isFree) parts.push('');
      parts[parts.length - 1] += '\r\n';
    });
    return parts.map((part) => Buffer.from(part, 'latin1'));
  }
}

/** The heads of a connection that were read, for as long as the tokens are the same. */
export class KnownHeads {
  #heads: KnownHead[] = [];
  #version: number | undefined;

  /** The head that begins at `from`, if it is known. `version`: of the tokens; a token may be revoked. */
  find(bytes: Buffer, from: number, version: number): KnownHead | undefined {
    if (this.#version !== version) return undefined;
    for (let index = 0; index < this.#heads.length; index++)
      if (this.#heads[index]?.recognises(bytes, from)) return this.#heads[index];
    return undefined;
  }

  add(head: Buffer, version: number, route: DirectRoute, keepAlive: boolean): KnownHead {
    if (this.#version !== version) this.#heads = [];
    this.#version = version;
    const kin = this.#heads.find((known) => known.learns(head));
    if (kin !== undefined) return kin;
    const known = new KnownHead(head, route, keepAlive);
    this.#heads = [known, ...this.#heads].slice(0, MOST_KNOWN);
    return known;
  }
}

/** With an empty one at the end for the line that ends the head. */
function linesOf(head: Buffer): string[] {
  return head.toString('latin1').split('\r\n').slice(0, -1);
}

/** Empty for what is no field. */
function nameOf(line = ''): string {
  return /^([^\s:]+):/.exec(line)?.[1] ?? '';
}

/** The first byte from `at` on that stands in no value: a control character but the tab, or one beyond ASCII. */
function endOfValue(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte !== undefined && isOfValue(byte); byte = bytes[at]) at += 1;
  return at;
}

function isOfValue(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e) || byte === 0x09;
}
