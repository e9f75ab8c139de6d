import type { RequestListener, ServerResponse } from 'node:http';

/**
 * The answers that a server is making. From `drain` on each says that its connection ends with it: a client that keeps
 * connections would otherwise send its next request into one that is just being closed, and cannot know whether an ID
 * was drawn for it.
 */
export class OpenAnswers {
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  /** `listener`, watched. */
  of(listener: RequestListener): RequestListener {
    return (request, response) => {
      if (this.#draining) sayLast(response);
      this.#open.add(response);
      response.once('close', () => this.#open.delete(response));
      listener(request, response);
    };
  }

  drain(): void {
    this.#draining = true;
    for (const response of this.#open) sayLast(response);
  }
}

function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
