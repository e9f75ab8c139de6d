import { draw, type Lane, newTally, type Tally } from './draw.ts';
import type { Service } from './service.ts';

export interface Callers {
  /** A tag, or `snowflake`. */
  readonly source: string;
  /** Callers at once; default 1. */
  readonly callers?: number;
  /** IDs per request; default 1. */
  readonly count?: number;
  /** Milliseconds between the requests of one caller; default 0, as fast as answers come. */
  readonly paceMs?: number;
}

/** Callers that draw until they are told to stop, and what they got. */
export class Load {
  readonly lanes: Lane[] = [];
  readonly tally: Tally = newTally();
  readonly #drawing: Promise<void>[] = [];
  #stopped = false;

  /** Adds callers of one agent. They begin at once. */
  draw(agent: Service, { source, callers = 1, count = 1, paceMs = 0 }: Callers): this {
    for (let caller = 0; caller < callers; caller++) {
      const more = () => !this.#stopped;
      this.#drawing.push(draw({ agent, source, count, more, paceMs }, this.lanes, this.tally));
    }
    return this;
  }

  /** Resolves when the last request is answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#drawing);
  }

  /** Requests, IDs and refusals in one line. */
  toString(): string {
    const { requests, ids, refused } = this.tally;
    const refusals = refused.size === 0 ? 'none' : [...refused].map(([code, n]) => `${n} ${code}`).join(', ');
    return `${ids} IDs in ${requests} requests, refused ${refusals}`;
  }
}
