import type { Socket } from 'node:net';

/** Which way a chunk travels. */
export type Direction = 'client-to-server' | 'server-to-client';

/** What becomes of a chunk: it goes on, it is lost while the connection stays, or the connection ends before it. */
export type Verdict = 'pass' | 'drop' | 'cut';

/** What a connection asks its proxy for every chunk. */
export interface Rules {
  /** Milliseconds that a chunk of this direction is held back. */
  delayMs(direction: Direction): number;
  judge(direction: Direction, chunk: Buffer): Verdict;
}

/**
 * One client's connection through the proxy, with its own connection to the server.
 *
 * joined → muted by `mute`: what is sent is read and lost, and neither side hears that the other hung up;
 * muted → joined by `unmute` if nothing was lost meanwhile, else → ended, for a stream with a hole is no stream;
 * any → ended by `end`, by a verdict, or when both sides hung up.
 */
export class ProxiedConnection {
  readonly #sides: Readonly<Record<Direction, { readonly from: Socket; readonly to: Socket }>>;
  readonly #rules: Rules;
  readonly #onEnd: () => void;
  /** Chunks and hang-ups wait here for their time, each direction in its order. */
  readonly #queues: Record<Direction, Promise<void>> = {
    'client-to-server': Promise.resolve(),
    'server-to-client': Promise.resolve(),
  };
  #muted = false;
  #lossy = false;
  #ended = false;

  constructor(client: Socket, server: Socket, rules: Rules, onEnd: () => void) {
    this.#sides = {
      'client-to-server': { from: client, to: server },
      'server-to-client': { from: server, to: client },
    };
    this.#rules = rules;
    this.#onEnd = onEnd;
    this.#carry('client-to-server');
    this.#carry('server-to-client');
  }

  mute(): void {
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
    if (this.#lossy) this.end('reset');
  }

  /** `reset` sends RST to both sides, `close` ends them orderly. Calling it twice is harmless. */
  end(how: 'reset' | 'close'): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { from } of Object.values(this.#sides)) {
      if (how === 'reset' && !from.connecting) from.resetAndDestroy();
      else from.destroy();
    }
    this.#onEnd();
  }

  #carry(direction: Direction): void {
    const { from, to } = this.#sides[direction];
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      if (this.#isLost()) return;
      const verdict = this.#rules.judge(direction, chunk);
      if (verdict === 'cut') this.end('reset');
      if (verdict === 'pass') this.#enqueue(direction, () => this.#write(from, to, chunk));
    });
    from.on('end', () => {
      if (!this.#isLost()) this.#enqueue(direction, () => to.end());
    });
    // One side's failure must look like a failure on the other side too, unless the line is dead.
    from.on('error', () => {
      if (!this.#isLost()) this.end('reset');
    });
    from.on('close', () => {
      if (!this.#isLost() && to.destroyed) this.end('close');
    });
  }

  /** Notes that something goes missing while the connection is muted. */
  #isLost(): boolean {
    if (this.#muted) this.#lossy = true;
    return this.#muted;
  }

  #enqueue(direction: Direction, work: () => void): void {
    const due = performance.now() + this.#rules.delayMs(direction);
    this.#queues[direction] = this.#queues[direction].then(async () => {
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // What was under way when the line went dead is lost with it.
      if (!this.#ended && !this.#isLost()) work();
    });
  }

  /** Passes the receiver's slowness on to the sender, so that nothing piles up in the proxy. */
  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }
}
