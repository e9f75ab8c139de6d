import type { Pool, PoolConnection } from 'mysql2/promise';
import { isCrowded } from './errors.ts';

/** Callers that may wait; as many as the pool lets wait when it is used up itself. */
const MAX_WAITING = 1_000;

/**
 * Takes connections out of a pool. If the server gives fewer than the pool may open (`max_user_connections`,
 * `max_connections`), callers wait in a line for those there are. Only if there is none, its answer is theirs.
 *
 * - open: nobody waits; whoever comes takes a free connection or opens one.
 * - crowded: entered when the server refused to open one while others are in use or asked for; whoever comes stands
 *   behind those who wait, and asks for no further one. It ends when the line is empty.
 */
export class ConnectionLine {
  readonly #onCrowded: (error: unknown) => void;
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;
  /** Callers that the pool has not answered yet. Of connections asked for at once, the refused ones may be told first. */
  #asking = 0;
  /** How many connections were ever given back. */
  #givenBack = 0;

  constructor(onCrowded: (error: unknown) => void) {
    this.#onCrowded = onCrowded;
  }

  /** Each connection must be given back by `release` or `destroy`. */
  async take(pool: Pool): Promise<PoolConnection> {
    if (this.#waiting.length > 0) await this.#turn('last');
    for (;;) {
      this.#asking += 1;
      const givenBackBefore = this.#givenBack;
      try {
        const connection = await pool.getConnection();
        this.#asking -= 1;
        this.#inUse += 1;
        return connection;
      } catch (error) {
        this.#asking -= 1;
        if (isCrowded(error)) this.#onCrowded(error);
        const isComing = this.#inUse + this.#asking > 0;
        // It was refused because of a connection that the pool has again by now.
        if (isCrowded(error) && !isComing && this.#givenBack > givenBackBefore) continue;
        if (!isCrowded(error) || !isComing) {
          // Nobody behind waits for a connection that does not come back.
          this.#callNext();
          throw error;
        }
        await this.#turn('first');
      }
    }
  }

  release(connection: PoolConnection): void {
    connection.release();
    this.#gaveBack();
  }

  destroy(connection: PoolConnection): void {
    connection.destroy();
    this.#gaveBack();
  }

  #gaveBack(): void {
    this.#inUse -= 1;
    this.#givenBack += 1;
    this.#callNext();
  }

  #callNext(): void {
    this.#waiting.shift()?.();
  }

  /** Somebody who was faster than one whose turn it was took its connection, so that one comes first again. */
  #turn(place: 'first' | 'last'): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) throw new Error('too many wait for a connection');
    return new Promise((resolve) => {
      if (place === 'first') this.#waiting.unshift(resolve);
      else this.#waiting.push(resolve);
    });
  }
}
