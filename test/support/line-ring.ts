import { StringDecoder } from 'node:string_decoder';

const CAPACITY = 2_000;

interface Waiter {
  readonly pattern: RegExp;
  readonly resolve: (line: string) => void;
}

/** The last 2,000 lines that a process wrote, and those who wait for one of them. */
export class LineRing {
  #lines: string[] = [];
  #dropped = 0;
  #waiters = new Set<Waiter>();

  /** How many lines were ever written; pass it to `find` to look only at what came later. */
  get count(): number {
    return this.#dropped + this.#lines.length;
  }

  /** What is still remembered, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The last lines as one text, for an error message. */
  tail(lines = 20): string {
    return this.#lines.slice(-lines).join('\n');
  }

  add(line: string): void {
    this.#lines.push(line);
    // Trimming in bulk keeps adding a line cheap, however much the process writes.
    if (this.#lines.length >= 2 * CAPACITY) {
      this.#dropped += this.#lines.length - CAPACITY;
      this.#lines = this.#lines.slice(-CAPACITY);
    }
    for (const waiter of this.#waiters) {
      if (waiter.pattern.test(line)) waiter.resolve(line);
    }
  }

  /** The first remembered line from the `since`-th on that matches. */
  find(pattern: RegExp, since = 0): string | undefined {
    return this.#lines.slice(Math.max(0, since - this.#dropped)).find((line) => pattern.test(line));
  }

  /** Calls `resolve` for every later line that matches, until the returned function is called. */
  watch(pattern: RegExp, resolve: (line: string) => void): () => void {
    const waiter = { pattern, resolve };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** Adds every line of a byte stream; a last line without an end counts as one. */
  read(stream: NodeJS.ReadableStream): void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.add(part.replace(/\r$/, ''));
    });
    stream.on('end', () => {
      if (rest !== '') this.add(rest);
    });
  }
}
