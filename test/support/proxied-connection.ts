import type { Socket } from 'node:net';

/** Which way a chunk travels. */
export type Direction = 'client-to-server' | 'server-to-client';

/**
 * What becomes of a chunk: it goes on; it is lost and the connection stays; the connection ends before it; or these
 * bytes go on in its place. A promise holds it, and everything that follows it, until it is judged.
 */
export type Verdict = 'pass' | 'drop' | 'cut' | Buffer;

/** What a connection asks its proxy about every chunk. */
export interface Rules {
  /** How many milliseconds a chunk of this direction is held back. */
  delayMs(direction: Direction): number;
  judge(direction: Direction, chunk: Buffer): Verdict | Promise<Verdict>;
}

/**
 * One client's connection through the proxy, with its own connection to the server.
 *
 * - joined: the first state; also entered from muted by `unmute` if nothing was lost meanwhile.
 * - muted: entered by `mute`. What is sent in a muted direction is read and lost, including a hang-up.
 * - ended: by `end`, by a verdict, when both sides hung up, or by `unmute` after a loss, because a stream with a hole
 *   is no stream.
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
  #muted: ReadonlySet<Direction> = new Set();
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

  /** True if something was lost. */
  get isLossy(): boolean {
    return this.#lossy;
  }

  mute(directions: readonly Direction[]): void {
    this.#muted = new Set(directions);
  }

  unmute(): void {
    this.#muted = new Set();
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
      if (this.#isLost(direction)) return;
      const verdict = this.#rules.judge(direction, chunk);
      const carryOut = (judged: Verdict) => {
        if (judged === 'cut') this.end('reset');
        else if (judged !== 'drop') this.#write(from, to, judged === 'pass' ? chunk : judged);
      };
      if (verdict instanceof Promise) this.#enqueue(direction, async () => carryOut(await verdict));
      else if (verdict === 'cut') this.end('reset');
      else if (verdict !== 'drop') this.#enqueue(direction, () => carryOut(verdict));
    });
    from.on('end', () => {
      if (!this.#isLost(direction)) this.#enqueue(direction, () => void to.end());
    });
    // One side's failure must look like a failure on the other side too, unless the line is dead.
    from.on('error', () => {
      if (!this.#isLost(direction)) this.end('reset');
    });
    from.on('close', () => {
      if (!this.#isLost(direction) && to.destroyed) this.end('close');
    });
  }

  /** Notes that something is lost while its direction is muted. */
  #isLost(direction: Direction): boolean {
    const lost = this.#muted.has(direction);
    if (lost) this.#lossy = true;
    return lost;
  }

  #enqueue(direction: Direction, work: () => void | Promise<void>): void {
    const due = performance.now() + this.#rules.delayMs(direction);
    this.#queues[direction] = this.#queues[direction].then(async () => {
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // What was under way when the line went dead is lost with it.
      if (!this.#ended && !this.#isLost(direction)) await work();
    });
  }

  /** Passes the receiver's slowness on to the sender, so that nothing piles up in the proxy. */
  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.#ended) return;
    if (to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }
}
