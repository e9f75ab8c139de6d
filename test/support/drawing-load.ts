import { PATIENCE_MS } from './patience.ts';
import type { Service } from './service.ts';

/** Draws from agents, one request after the other at each, until it is stopped. Refusals do not end it. */
export class DrawingLoad {
  #isOver = false;
  readonly #loops: readonly Promise<void>[];

  constructor(agents: readonly Service[], path: string, pauseMs = 10) {
    this.#loops = agents.map(async ({ url }) => {
      while (!this.#isOver) {
        await fetch(url + path, { signal: AbortSignal.timeout(PATIENCE_MS) })
          .then((response) => response.arrayBuffer())
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }
}
